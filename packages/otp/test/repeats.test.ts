import { confirmWrites, connectRedis, untilReady } from '@kyong/redis';
import { startTestRedis } from '@kyong/testing';
import type { Cluster } from 'ioredis';
import { expect, onTestFinished, test } from 'vitest';
import { redisOtpStore } from '../src/adapters/redis/index.ts';
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
    reserve: otp.policy.reserve,
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

test('what runs twice writes twice, so that a replica that has the second has the first', async () => {
  // Nobody else writes here.
  const { endpoint } = await startTestRedis();
  const redis = connectRedis({ nodes: [endpoint], password: endpoint.password }, () => {});
  onTestFinished(() => redis.disconnect());
  await untilReady(redis);
  const store = redisOtpStore(confirmWrites(redis, 0));
  const { code, guess } = calls();
  const writes = async (call: () => Promise<unknown>) => {
    await call();
    const before = await changes(redis);
    await call();
    return (await changes(redis)) - before;
  };
  expect(await writes(() => store.issue(code))).toBeGreaterThan(0);
  const wrong = { ...guess, operationId: 'wrong', codeHash: 'another hash' };
  expect(await writes(() => store.verify(wrong))).toBeGreaterThan(0);
  expect(await writes(() => store.verify(guess))).toBeGreaterThan(0);
});

async function changes(redis: Cluster): Promise<number> {
  const info = await redis.info('persistence');
  return Number(/rdb_changes_since_last_save:(\d+)/.exec(info)?.[1]);
}
