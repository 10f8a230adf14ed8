import { TestClock } from '@kyong/testing';
import { expect, test } from 'vitest';
import { defaultBrake } from './brake-policy.ts';
import { ConversionWatch } from './conversion.ts';
import { SharedCounts } from './shared-counts.ts';

const { conversion: policy } = defaultBrake;
const range = '88691234xxxx';

function createWatch() {
  const clock = new TestClock();
  const counts = new SharedCounts({ store: { add: async () => [] }, now: clock.now });
  const watch = new ConversionWatch(counts, policy);
  return {
    clock,
    send: (count: number) => watch.countSent(range, clock.now().getTime(), count),
    verify: (count: number) => {
      for (let n = 0; n < count; n++) watch.countVerified(range, clock.now().getTime());
    },
    nextBucket: () => clock.advance(policy.bucketSeconds),
    isCutOff: () => watch.conversionOf(range, clock.now().getTime()).cutOff,
  };
}

test('a range whose codes are not used is cut off, when their people had time to type them', () => {
  const { send, isCutOff, nextBucket } = createWatch();
  send(policy.minSends);
  expect(isCutOff()).toBe(false);
  nextBucket();
  expect(isCutOff()).toBe(true);
});

test.each([
  ['too few to tell', policy.minSends - 1, 0],
  ['enough that are used', 100, 20],
])('%s: it stays open', (_, sent, verified) => {
  const { send, verify, isCutOff, nextBucket } = createWatch();
  send(sent);
  verify(verified);
  nextBucket();
  expect(isCutOff()).toBe(false);
});

test('trials that are used open it again, well before the window has passed', () => {
  const { send, verify, isCutOff, nextBucket } = createWatch();
  send(200);
  nextBucket();
  expect(isCutOff()).toBe(true);
  nextBucket();
  send(policy.recoverySends);
  verify(policy.recoverySends);
  nextBucket();
  expect(isCutOff()).toBe(false);
});

test('trials that are not used keep it cut off; silence opens it when the window has passed', () => {
  const { send, isCutOff, nextBucket } = createWatch();
  send(200);
  for (let n = 0; n < policy.buckets; n++) {
    nextBucket();
    expect(isCutOff()).toBe(true);
    send(1);
  }
  for (let n = 0; n <= policy.buckets; n++) nextBucket();
  expect(isCutOff()).toBe(false);
});
