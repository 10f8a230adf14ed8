import { TestClock } from '@kyong/testing';
import { expect, test } from 'vitest';
import { RateLimiter } from './rate-limiter.ts';

test('lets a burst through, then one at a time', () => {
  const clock = new TestClock();
  const limiter = new RateLimiter({ count: 3, windowSeconds: 60, maxKeys: 10 });
  const take = () => limiter.take('a', clock.now());
  expect([take(), take(), take(), take()]).toEqual([0, 0, 0, 20]);
  clock.advance(20);
  expect([take(), take()]).toEqual([0, 20]);
  clock.advance(60);
  expect([take(), take(), take(), take()]).toEqual([0, 0, 0, 20]);
});

test('keys do not share', () => {
  const limiter = new RateLimiter({ count: 1, windowSeconds: 60, maxKeys: 10 });
  const at = new Date();
  expect(limiter.take('a', at)).toBe(0);
  expect(limiter.take('b', at)).toBe(0);
  expect(limiter.take('a', at)).toBe(60);
});

test('a key that stands for many gets as many times as much', () => {
  const clock = new TestClock();
  const limiter = new RateLimiter({ count: 2, windowSeconds: 60, maxKeys: 10 });
  const take = () => limiter.take('a', clock.now(), 3);
  expect(Array.from({ length: 7 }, take)).toEqual([0, 0, 0, 0, 0, 0, 10]);
});

test('remembers so many keys and forgets the one unused for longest', () => {
  const limiter = new RateLimiter({ count: 2, windowSeconds: 60, maxKeys: 2 });
  const at = new Date();
  for (const key of ['a', 'b', 'a', 'c']) expect(limiter.take(key, at)).toBe(0);
  expect(limiter.take('a', at)).toBe(30);
  expect([limiter.take('b', at), limiter.take('b', at)]).toEqual([0, 0]);
});
