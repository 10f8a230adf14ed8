import { expect, test } from 'vitest';
import { createHarness } from './harness.ts';

test('the wait between sends grows', async () => {
  const { clock, trySend } = createHarness();
  for (const wait of [30, 60, 120, 240]) {
    expect(await trySend()).toMatchObject({
      outcome: 'issued',
      resendAfter: new Date(clock.now().getTime() + wait * 1000),
    });
    clock.advance(wait - 1);
    expect(await trySend()).toEqual({ outcome: 'resend_too_soon', retryAfterSeconds: 1 });
    clock.advance(1);
  }
});

test('a recipient gets five codes an hour and ten a day', async () => {
  const { clock, trySend } = createHarness();
  for (let n = 0; n < 5; n++) {
    expect(await trySend()).toMatchObject({ outcome: 'issued' });
    clock.advance(300);
  }
  expect(await trySend()).toEqual({ outcome: 'send_limit', retryAfterSeconds: 3600 - 5 * 300 });
  for (let n = 0; n < 5; n++) {
    clock.advance(3600);
    expect(await trySend()).toMatchObject({ outcome: 'issued' });
  }
  clock.advance(3600);
  // Ten since the first, which was 25 minutes and six hours ago.
  expect(await trySend()).toEqual({ outcome: 'send_limit', retryAfterSeconds: 86_400 - 6 * 3600 - 1500 });
});

test('of fifty sends at once one is accepted', async () => {
  const { trySend } = createHarness();
  const results = await Promise.all(Array.from({ length: 50 }, () => trySend()));
  expect(results.filter((result) => result.outcome === 'issued')).toHaveLength(1);
});
