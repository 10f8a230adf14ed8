import { createTestRedis } from '@kyong/testing';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { act, createWorld, type History, type Step } from './interleavings.ts';

const recipients = fc.nat({ max: 1 });
const instance = fc.nat({ max: 1 });
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('send'), recipient: recipients, instance }) },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('guess'),
      recipient: recipients,
      instance,
      // Which of the recipient's requests, counted from the newest.
      request: fc.nat({ max: 2 }),
      right: fc.boolean(),
    }),
  },
);
/** What is in one round is under way at the same time; then the clock moves. */
const round = fc.record({
  steps: fc.array(step, { minLength: 1, maxLength: 8 }),
  advanceMilliseconds: fc.oneof(
    fc.constantFrom(0, 1, 4_999, 5_000, 59_999, 60_000, 299_999, 300_000),
    fc.nat({ max: 400_000 }),
  ),
});

test('for any interleaving over two instances a code is accepted once, in its time, within the budget', async () => {
  const connections = [createTestRedis('otp'), createTestRedis('otp')];
  await fc.assert(
    fc.asyncProperty(fc.array(round, { minLength: 1, maxLength: 12 }), async (rounds) => {
      const world = createWorld(connections);
      for (const { steps, advanceMilliseconds } of rounds) {
        await Promise.all(steps.map((one) => act(world, one)));
        world.clock.advance(advanceMilliseconds / 1000);
      }
      checkSingleUse(world.history);
      checkLifetime(world.history);
      checkBudget(world.history, world.policy.attempts);
      checkSends(world.history, world.policy.sends);
    }),
    { numRuns: 300 },
  );
});

/** Wrong guesses at an instance whose clock is behind, after one at the other: all of them count from the time of that one. */
const acrossClocks = [
  {
    steps: [
      { kind: 'send' as const, recipient: 0, instance: 0 },
      ...[1, 0, 0].map((instance) => ({
        ...{ kind: 'guess' as const, recipient: 0, instance },
        ...{ request: 0, right: false },
      })),
    ],
    advanceMilliseconds: 300_000,
  },
  {
    steps: [
      { kind: 'send' as const, recipient: 0, instance: 0 },
      { kind: 'guess' as const, recipient: 0, instance: 0, request: 0, right: true },
    ],
    advanceMilliseconds: 0,
  },
];

test('taken one at a time, a right code that is unspent, in its time and within the budget is always accepted', async () => {
  const connections = [createTestRedis('otp'), createTestRedis('otp')];
  await fc.assert(
    fc.asyncProperty(fc.array(round, { minLength: 1, maxLength: 12 }), async (rounds) => {
      const world = createWorld(connections);
      for (const { steps, advanceMilliseconds } of rounds) {
        for (const one of steps) {
          const before = [...world.history.guesses];
          const guess = await act(world, one);
          if (guess?.kind !== 'guess' || !guess.right) continue;
          const spent = before.some((other) => other.code === guess.code && other.outcome === 'correct');
          const wrong = wrongWithin(asCounted(before), guess, world.policy.attempts.windowSeconds);
          const expired = guess.at >= guess.code.expiresAt;
          const expected =
            spent || expired ? 'expired' : wrong >= world.policy.attempts.count ? 'exhausted' : 'correct';
          expect(guess.outcome).toBe(expected);
        }
        world.clock.advance(advanceMilliseconds / 1000);
      }
    }),
    { numRuns: 150, examples: [[acrossClocks]] },
  );
});

type Guesses = History['guesses'];

function checkSingleUse({ guesses, codes }: History): void {
  for (const code of codes) {
    const accepted = guesses.filter((guess) => guess.code === code && guess.outcome === 'correct');
    expect(accepted.length).toBeLessThanOrEqual(1);
  }
  // Nobody gets in with a code that was not sent.
  expect(guesses.filter((guess) => !guess.right && guess.outcome === 'correct')).toEqual([]);
}

function checkLifetime({ guesses }: History): void {
  for (const guess of guesses.filter(({ outcome }) => outcome === 'correct'))
    expect(guess.at).toBeLessThan(guess.code.expiresAt);
}

/** In every window that ends with an evaluated guess at most `count` guesses of a recipient were found wrong. */
function checkBudget({ guesses }: History, limit: { count: number; windowSeconds: number }): void {
  for (const guess of guesses.filter(({ outcome }) => outcome === 'incorrect')) {
    const earlier = guesses.filter((other) => other.at <= guess.at);
    expect(wrongWithin(earlier, guess, limit.windowSeconds)).toBeLessThanOrEqual(limit.count);
  }
}

function checkSends({ codes }: History, limits: { count: number; windowSeconds: number }[]): void {
  for (const { count, windowSeconds } of limits)
    for (const code of codes) {
      const since = code.issuedAt - windowSeconds * 1000;
      const sent = codes.filter(
        (other) =>
          other.recipient === code.recipient && other.issuedAt > since && other.issuedAt <= code.issuedAt,
      );
      expect(sent.length).toBeLessThanOrEqual(count);
    }
}

/** A wrong guess counts from no earlier than those of its recipient before it, whatever its instance's clock says. */
function asCounted(guesses: Guesses): Guesses {
  const newest = new Map<number, number>();
  return guesses.map((guess) => {
    if (guess.outcome !== 'incorrect') return guess;
    const { recipient } = guess.code;
    const at = Math.max(guess.at, newest.get(recipient) ?? 0);
    newest.set(recipient, at);
    return { ...guess, at };
  });
}

function wrongWithin(
  guesses: Guesses,
  { code, at }: { code: { recipient: number }; at: number },
  seconds: number,
): number {
  return guesses.filter(
    (other) =>
      other.code.recipient === code.recipient &&
      other.outcome === 'incorrect' &&
      other.at > at - seconds * 1000,
  ).length;
}
