import { randomBytes } from 'node:crypto';
import { confirmWrites } from '@kyong/redis';
import { createTestRedis, TestClock } from '@kyong/testing';
import type { Cluster } from 'ioredis';
import { redisOtpStore } from '../src/adapters/redis/index.ts';
import {
  createOtp,
  type IssueResult,
  issue,
  type Otp,
  OtpKeys,
  type OtpPolicy,
  verify,
} from '../src/index.ts';

export interface Harness {
  clock: TestClock;
  redis: Cluster;
  otp: Otp;
  to: string;
  /** Sends a code and reads it, as the person would. @throws if it was not sent. */
  send: (network?: string) => Promise<{ requestId: string; code: string }>;
  trySend: (network?: string) => Promise<IssueResult>;
  verify: (requestId: string, code: string, network?: string) => ReturnType<typeof verify>;
}

/** One recipient on a real Redis, under keys of its own: no other test can meet it. */
export function createHarness(policy?: OtpPolicy): Harness {
  const clock = new TestClock();
  const redis = createTestRedis('otp');
  const drawn: number[] = [];
  const otp = createOtp({
    store: redisOtpStore(confirmWrites(redis, 0)),
    keys: new OtpKeys(randomBytes(32)),
    now: clock.now,
    randomInt: (bound) => {
      const digit = randomBytes(1).readUInt8() % bound;
      drawn.push(digit);
      return digit;
    },
    ...(policy && { policy }),
  });
  const to = '+886912345678';
  const trySend = (network?: string) =>
    issue(otp, { channel: 'sms', to, purpose: 'login', locale: 'en', network });
  return {
    clock,
    redis,
    otp,
    to,
    trySend,
    send: async (network) => {
      const result = await trySend(network);
      if (result.outcome !== 'issued') throw new Error(`Not issued: ${result.outcome}`);
      return { requestId: result.requestId, code: drawn.slice(-otp.policy.codeLength).join('') };
    },
    verify: (requestId, code, network) => verify(otp, { requestId, code, network }),
  };
}

/** A code that is not this one. */
export function wrong(code: string): string {
  return code === '000000' ? '000001' : '000000';
}
