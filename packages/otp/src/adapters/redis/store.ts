import { join } from 'node:path';
import { type ConfirmedWrite, readScript, runScript, type Script } from '@kyong/redis';
import type { Limit } from '../../policy.ts';
import type { Guess, GuessOutcome, NewCode, NewCodeOutcome, OtpStore, ReserveKind } from '../../ports.ts';
import { keyOf, partitionOf } from './partition.ts';

type IssueReply =
  | ['issued', number, ReserveKind | '']
  | ['resend_too_soon' | 'send_limit', number]
  | ['braked'];
type VerifyReply = ['correct', string] | ['incorrect' | 'exhausted', number] | ['expired'];

const issueScript = readScript(join(import.meta.dirname, 'issue.lua'), 7);
const verifyScript = readScript(join(import.meta.dirname, 'verify.lua'), 5);

/** A call is repeated by the client within its command timeout, so a repeat comes sooner than this. */
const repeatMilliseconds = 10_000;

/**
 * Each operation is one command to Redis: a script over keys of one slot, which may run twice and then writes twice, so that
 * a replica that confirms the second has the first.
 *
 * Time comes with the call and not from Redis, so that tests own it. Servers whose clocks differ by a second disagree by a
 * second about when a code expires; the counts and the single use do not depend on it.
 */
export function redisOtpStore(write: ConfirmedWrite): OtpStore {
  return {
    issue: (code) => issue(write, code),
    verify: (guess) => verify(write, guess),
  };
}

async function issue(write: ConfirmedWrite, code: NewCode): Promise<NewCodeOutcome> {
  const { recipient, policy } = code;
  const reply = await run<IssueReply>(write, issueScript, [
    keyOf.request(recipient, code.requestId),
    keyOf.sends(recipient),
    keyOf.deliveries(partitionOf(recipient)),
    keyOf.networks(recipient),
    keyOf.sends(recipient, code.network),
    keyOf.accountSends(recipient),
    keyOf.newestSender(recipient),
    code.issuedAt.getTime(),
    code.expiresAt.getTime(),
    code.codeHash,
    code.grant,
    code.delivery ?? '',
    limitsOf(policy),
    code.logEntry ?? '',
    code.network ?? '',
    code.attempts ?? '',
    code.braked ? reservesOf(code.braked) : '',
  ]);
  switch (reply[0]) {
    case 'issued':
      return { outcome: 'issued', resendAfter: new Date(reply[1]), ...(reply[2] && { reserve: reply[2] }) };
    case 'braked':
      return { outcome: 'braked' };
    default:
      return { outcome: reply[0], retryAt: new Date(reply[1]) };
  }
}

function run<Reply>(
  write: ConfirmedWrite,
  script: Script,
  keysAndArguments: [key: string, ...(string | number)[]],
): Promise<Reply> {
  return write(keysAndArguments[0], (redis) => runScript<Reply>(redis, script, keysAndArguments));
}

type Limits = NewCode['policy'];

const limitTexts = new WeakMap<Limits, string>();

/** The limits as the script reads them: written once for a policy, which nobody changes. */
function limitsOf(policy: Limits): string {
  const known = limitTexts.get(policy);
  if (known !== undefined) return known;
  const text = JSON.stringify({
    sends: policy.sends.map(inMilliseconds),
    accountSends: [inMilliseconds(policy.reserve.accountSends)],
    account: policy.reserve.accountSeconds * 1000,
    waits: policy.resend.waitSeconds.map((seconds) => seconds * 1000),
    waitWindow: policy.resend.windowSeconds * 1000,
    remembered: policy.reserve.rememberedSeconds * 1000,
  });
  limitTexts.set(policy, text);
  return text;
}

function reservesOf(braked: NonNullable<NewCode['braked']>): string {
  const left = Object.entries(braked).flatMap(([kind, isLeft]) => (isLeft ? [kind] : []));
  return left.join(' ') || 'none';
}

function inMilliseconds({ count, windowSeconds }: Limit) {
  return { count, window: windowSeconds * 1000 };
}

async function verify(write: ConfirmedWrite, guess: Guess): Promise<GuessOutcome> {
  const reply = await run<VerifyReply>(write, verifyScript, [
    keyOf.request(guess.recipient, guess.requestId),
    keyOf.guesses(guess.recipient),
    keyOf.log(partitionOf(guess.recipient)),
    keyOf.networks(guess.recipient),
    keyOf.guesses(guess.recipient, guess.network),
    guess.at.getTime(),
    guess.operationId,
    guess.codeHash,
    guess.limit.count,
    guess.limit.windowSeconds * 1000,
    repeatMilliseconds,
    guess.network ?? '',
    guess.reserve.attempts,
    guess.reserve.networks,
    guess.reserve.rememberedSeconds * 1000,
    guess.most ?? '',
    guess.reserve.accountSeconds * 1000,
  ]);
  switch (reply[0]) {
    case 'correct':
      return { outcome: 'correct', grant: reply[1] };
    case 'incorrect':
      return { outcome: 'incorrect', attemptsLeft: reply[1] };
    case 'exhausted':
      return { outcome: 'exhausted', retryAt: new Date(reply[1]) };
    case 'expired':
      return { outcome: 'expired' };
  }
}
