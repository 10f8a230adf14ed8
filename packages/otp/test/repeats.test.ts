import { expect, test } from 'vitest';
import { keyOf, partitionOf } from '../src/adapters/redis/partition.ts';
import type { Guess, NewCode } from '../src/index.ts';
import { createRequestId } from '../src/request-id.ts';
import { createHarness } from './harness.ts';

/** What ioredis does when a connection breaks before the reply has come: the same command, once more. */
function calls() {
  const { otp, clock, redis, to } = createHarness();
  const recipient = otp.keys.recipient(to);
  const requestId = createRequestId(otp.keys.id, recipient);
  const code: NewCode = {
    recipient,
    requestId,
    codeHash: 'hash',
    grant: 'grant',
    delivery: `delivery of ${requestId}`,
    issuedAt: clock.now(),
    expiresAt: new Date(clock.now().getTime() + 300_000),
    policy: otp.policy,
  };
  const guess: Guess = {
    recipient,
    requestId,
    codeHash: 'hash',
    operationId: 'one',
    at: clock.now(),
    limit: otp.policy.attempts,
  };
  return { otp, redis, code, guess, recipient };
}

test('a send that runs twice is counted once and queued once', async () => {
  const { otp, redis, code, recipient } = calls();
  const first = await otp.store.issue(code);
  expect(await otp.store.issue(code)).toEqual(first);
  expect(await redis.llen(keyOf.sends(recipient))).toBe(1);
  const queued = await redis.xrange(keyOf.deliveries(partitionOf(recipient)), '-', '+');
  expect(queued.filter(([, fields]) => fields.includes(`delivery of ${code.requestId}`))).toHaveLength(1);
});

test('a correct guess that runs twice gets its answer twice; another guess gets none', async () => {
  const { otp, code, guess } = calls();
  await otp.store.issue(code);
  const correct = { outcome: 'correct', grant: 'grant' };
  expect(await otp.store.verify(guess)).toEqual(correct);
  expect(await otp.store.verify(guess)).toEqual(correct);
  expect(await otp.store.verify({ ...guess, operationId: 'two' })).toEqual({ outcome: 'expired' });
});

test('a wrong guess that runs twice counts once', async () => {
  const { otp, code, guess } = calls();
  await otp.store.issue(code);
  const wrong = { ...guess, codeHash: 'another hash' };
  expect(await otp.store.verify(wrong)).toEqual({ outcome: 'incorrect', attemptsLeft: 9 });
  expect(await otp.store.verify(wrong)).toEqual({ outcome: 'incorrect', attemptsLeft: 9 });
  expect(await otp.store.verify({ ...wrong, operationId: 'two' })).toEqual({
    outcome: 'incorrect',
    attemptsLeft: 8,
  });
});
