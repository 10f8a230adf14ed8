import { randomBytes, randomInt } from 'node:crypto';
import { confirmWrites } from '@kyong/redis';
import { TestClock } from '@kyong/testing';
import type { Cluster } from 'ioredis';
import { redisOtpStore } from '../src/adapters/redis/index.ts';
import {
  createOtp,
  defaultPolicy,
  issue,
  type Otp,
  OtpKeys,
  type OtpPolicy,
  type VerifyResult,
  verify,
} from '../src/index.ts';
import { wrong } from './harness.ts';

export type Step =
  | { kind: 'send'; recipient: number; instance: number }
  | { kind: 'guess'; recipient: number; instance: number; request: number; right: boolean };

/** A code as the person reads it. Times are milliseconds since 1970, by the clock of the instance that was asked. */
export interface Code {
  recipient: number;
  requestId: string;
  code: string;
  issuedAt: number;
  expiresAt: number;
}

export interface Guess {
  kind: 'guess';
  code: Code;
  right: boolean;
  at: number;
  outcome: VerifyResult['outcome'];
}

/** What was asked and what came of it, as a bystander who sees everything would write it down. */
export interface History {
  codes: Code[];
  guesses: Guess[];
}

export interface World {
  clock: TestClock;
  policy: OtpPolicy;
  instances: Otp[];
  /** Digits drawn by an instance for the code under way: drawn before anything is awaited. */
  drawn: number[];
  addresses: string[];
  history: History;
}

/** Small numbers, so that short histories meet every limit. */
const policy: OtpPolicy = {
  ...defaultPolicy,
  lifetimeSeconds: 60,
  attempts: { count: 3, windowSeconds: 300 },
  sends: [{ count: 4, windowSeconds: 300 }],
  resend: { waitSeconds: [0.001, 5], windowSeconds: 60 },
};

/** The clock of the second instance is ahead of the first's by this much. */
export const skewMilliseconds = 500;

/** An instance of the service on each of these connections to one Redis, and recipients nobody else knows. */
export function createWorld(connections: Cluster[]): World {
  const clock = new TestClock();
  const keys = new OtpKeys(randomBytes(32));
  const drawn: number[] = [];
  const draw = (bound: number) => {
    const digit = randomInt(bound);
    drawn.push(digit);
    return digit;
  };
  const instances = connections.map((redis, n) => {
    const now = () => new Date(clock.now().getTime() + n * skewMilliseconds);
    return createOtp({ store: redisOtpStore(confirmWrites(redis, 0)), keys, now, policy, randomInt: draw });
  });
  const addresses = Array.from({ length: 2 }, (_, n) => `person${n}@example.com`);
  return { clock, policy, instances, drawn, addresses, history: { codes: [], guesses: [] } };
}

/** Takes one step and writes it down. @returns the guess, if it was one. */
export async function act(world: World, step: Step): Promise<Guess | undefined> {
  return step.kind === 'send' ? send(world, step) : guess(world, step);
}

async function send(world: World, { recipient, instance }: Step): Promise<undefined> {
  const { drawn, history, addresses } = world;
  const otp = instanceOf(world, instance);
  const issuedAt = otp.now().getTime();
  const issuing = issue(otp, {
    channel: 'email',
    to: addresses[recipient] ?? '',
    purpose: 'login',
    locale: 'en',
  });
  const code = drawn.splice(0).join('');
  const result = await issuing;
  if (result.outcome !== 'issued') return;
  const { requestId, expiresAt } = result;
  history.codes.push({ recipient, requestId, code, issuedAt, expiresAt: expiresAt.getTime() });
}

async function guess(
  world: World,
  { recipient, instance, request, right }: Extract<Step, { kind: 'guess' }>,
): Promise<Guess | undefined> {
  const code = world.history.codes.filter((one) => one.recipient === recipient).at(-1 - request);
  if (!code) return undefined;
  const otp = instanceOf(world, instance);
  const at = otp.now().getTime();
  const attempt = { requestId: code.requestId, code: right ? code.code : wrong(code.code) };
  const { outcome } = await verify(otp, attempt);
  const made: Guess = { kind: 'guess', code, right, at, outcome };
  world.history.guesses.push(made);
  return made;
}

function instanceOf({ instances }: World, index: number): Otp {
  const instance = instances[index];
  if (!instance) throw new RangeError(`There is no instance ${index}.`);
  return instance;
}
