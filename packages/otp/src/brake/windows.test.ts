import { TestClock } from '@kyong/testing';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { SharedCounts } from './shared-counts.ts';
import { Months, SlidingLimit } from './windows.ts';

const limit = { count: 5, windowSeconds: 60 };

function createLimit() {
  const clock = new TestClock();
  const counts = new SharedCounts({ store: { add: async () => [] }, now: clock.now });
  const sliding = new SlidingLimit(counts, 'test');
  const take = () => {
    const wait = sliding.waitSeconds('gym', limit, clock.now().getTime());
    if (wait === 0) sliding.add('gym', limit, clock.now().getTime());
    return wait;
  };
  return { clock, take };
}

test('so many are let through, and whoever comes back when told is let through again', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 30 }), { maxLength: 40 }), (pauses) => {
      const { clock, take } = createLimit();
      const admitted: number[] = [];
      for (const pause of pauses) {
        clock.advance(pause);
        const wait = take();
        if (wait > 0) {
          clock.advance(Math.ceil(wait * 1000 + 1) / 1000);
          expect(take()).toBe(0);
        }
        admitted.push(clock.now().getTime());
      }
      // The bound that the docstring states.
      for (const start of admitted)
        expect(admitted.filter((at) => at >= start && at < start + 60_000).length).toBeLessThan(
          2 * limit.count,
        );
    }),
  );
});

test('a full window says when it will have room', () => {
  const { take } = createLimit();
  for (let n = 0; n < 5; n++) expect(take()).toBe(0);
  // The window began with this minute; in the next one it slides out evenly.
  expect(take()).toBe(72);
});

test('a month is one of the calendar, in UTC', () => {
  const months = new Months('budget');
  const december = months.at(new Date('2026-12-31T23:59:59Z'));
  expect(months.at(new Date('2027-01-01T00:00:00Z')).key).toBe('budget:2027-01');
  expect(december.key).toBe('budget:2026-12');
  expect(new Date(december.endsAt).toISOString()).toBe('2027-01-01T00:00:00.000Z');
});
