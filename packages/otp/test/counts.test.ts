import { randomUUID } from 'node:crypto';
import { createTestRedis, TestClock } from '@kyong/testing';
import { expect, test } from 'vitest';
import { redisCountStore } from '../src/adapters/redis/index.ts';
import { bucketOf } from '../src/brake/windows.ts';

const bucketFor = (clock: TestClock) => bucketOf(randomUUID(), 60_000, clock.now().getTime());

test('adds what processes count, in one command, and forgets it when nobody asks any more', async () => {
  const redis = createTestRedis('otp');
  const store = redisCountStore(redis);
  const bucket = bucketFor(new TestClock(new Date()));
  const add = (name: string, amount: number, known = 0) => ({ bucket, name, amount, known, atLeast: 0 });
  expect(await store.add([])).toEqual([]);
  expect(await store.add([add('a', 3), add('b', 0), add('a', 2)])).toEqual([3, 0, 5]);
  expect(await store.add([add('a', -1), add('b', -7)])).toEqual([4, 0]);
  expect(await redis.pexpiretime(`{otp:counts}:${bucket.key}`)).toBe(bucket.expiresAt);
});

test('five hundred increments from each of four processes at once add up', async () => {
  const store = redisCountStore(createTestRedis('otp'));
  const bucket = bucketFor(new TestClock(new Date()));
  const increments = Array.from({ length: 500 }, (_, n) => ({
    bucket,
    name: `n${n}`,
    amount: 2,
    known: 0,
    atLeast: 0,
  }));
  const totals = await Promise.all(Array.from({ length: 4 }, () => store.add(increments)));
  expect(totals.at(0)).toHaveLength(500);
  expect(await store.add(increments.map((one) => ({ ...one, amount: 0 })))).toEqual(
    Array.from({ length: 500 }, () => 8),
  );
});

test('a total that Redis has lost is put back once, however many processes know of it', async () => {
  const store = redisCountStore(createTestRedis('otp'));
  const bucket = bucketFor(new TestClock(new Date()));
  const remember = { bucket, name: 'gym', amount: 1, known: 40, atLeast: 0 };
  expect(await store.add([remember])).toEqual([41]);
  expect(await store.add([{ ...remember, known: 41 }])).toEqual([42]);
  expect(await store.add([{ ...remember, amount: 0, atLeast: 60 }])).toEqual([60]);
  expect(await store.add([{ ...remember, amount: 0, atLeast: 50 }])).toEqual([60]);
});
