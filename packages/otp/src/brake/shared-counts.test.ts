import { TestClock } from '@kyong/testing';
import { expect, test } from 'vitest';
import { type CountStore, SharedCounts } from './shared-counts.ts';
import { bucketOf, Months, SlidingLimit } from './windows.ts';

/** What Redis does, in memory. */
function createStore() {
  const totals = new Map<string, number>();
  let away = false;
  const store: CountStore = {
    async add(increments) {
      if (away) throw new Error('away');
      return increments.map(({ bucket, name, amount, known, atLeast }) => {
        const key = `${bucket.key} ${name}`;
        const total = Math.max(0, (totals.get(key) ?? known) + amount, atLeast);
        totals.set(key, total);
        return total;
      });
    },
  };
  return { store, totals, setAway: (value: boolean) => (away = value) };
}

const clock = new TestClock();
const bucket = bucketOf('test', 60_000, clock.now().getTime());

test('what one process counts, another knows after both have flushed', async () => {
  const { store } = createStore();
  const [a, b] = [new SharedCounts({ store, now: clock.now }), new SharedCounts({ store, now: clock.now })];
  a.add(bucket, 'gym', 3);
  expect(b.total(bucket, 'gym')).toBe(0);
  await a.flush();
  await b.flush();
  expect(b.total(bucket, 'gym')).toBe(3);
  b.add(bucket, 'gym', -1);
  await b.flush();
  // Asked for, and so heard of with the next flush.
  expect(a.total(bucket, 'gym')).toBe(3);
  await a.flush();
  expect([a.total(bucket, 'gym'), b.total(bucket, 'gym')]).toEqual([2, 2]);
});

test('n processes let through n times the limit at most, and nothing more once they have heard of each other', async () => {
  const { store } = createStore();
  const limit = { count: 10, windowSeconds: 60 };
  const at = clock.now().getTime();
  const processes = Array.from({ length: 3 }, () => {
    const counts = new SharedCounts({ store, now: clock.now });
    const sliding = new SlidingLimit(counts, 'test');
    const take = () => {
      if (sliding.waitSeconds('gym', limit, at) > 0) return 0;
      sliding.add('gym', limit, at);
      return 1;
    };
    return { counts, take };
  });
  const takeEverywhere = (times: number) =>
    processes.reduce((sum, { take }) => {
      for (let n = 0; n < times; n++) sum += take();
      return sum;
    }, 0);
  const flush = async () => {
    for (const { counts } of processes) await counts.flush();
  };
  // Two a process and interval: the limit is 10, so the overshoot is (3 - 1) x 2 at most.
  let admitted = 0;
  for (let interval = 0; interval < 5; interval++) {
    admitted += takeEverywhere(2);
    await flush();
    await flush();
  }
  expect(admitted).toBeGreaterThanOrEqual(10);
  expect(admitted).toBeLessThanOrEqual(10 + 2 * 2);
  expect(takeEverywhere(50)).toBe(0);
});

test('while the store is away counting goes on, and nothing of it is lost', async () => {
  const { store, totals, setAway } = createStore();
  const counts = new SharedCounts({ store, now: clock.now });
  counts.add(bucket, 'gym', 2);
  setAway(true);
  await expect(counts.flush()).rejects.toThrow('away');
  counts.add(bucket, 'gym', 1);
  expect(counts.total(bucket, 'gym')).toBe(3);
  setAway(false);
  await counts.flush();
  expect([...totals.values()]).toEqual([3]);
});

test('a store that forgot begins again with what a process knows, and with what a log says', async () => {
  const { store, totals } = createStore();
  const counts = new SharedCounts({ store, now: clock.now });
  const month = new Months('budget').at(clock.now());
  counts.add(month, 'gym', 100);
  await counts.flush();
  totals.clear();
  counts.add(month, 'gym', 1);
  await counts.flush();
  expect(counts.total(month, 'gym')).toBe(101);
  counts.raise(month, 'gym', 250);
  await counts.flush();
  expect([...totals.values()]).toEqual([250]);
});

test('a bucket nobody can ask for any more is dropped', async () => {
  const { store } = createStore();
  const moving = new TestClock();
  const counts = new SharedCounts({ store, now: moving.now });
  const old = bucketOf('test', 60_000, moving.now().getTime());
  counts.add(old, 'gym', 5);
  await counts.flush();
  moving.advance(3600);
  await counts.flush();
  expect(counts.total(old, 'gym')).toBe(0);
});
