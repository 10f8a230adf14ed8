import { expect, test } from 'vitest';
import { issue } from '../src/index.ts';
import { createHarness, wrong } from './harness.ts';

test('the right code is accepted as long as one attempt is left', async () => {
  const { send, verify } = createHarness();
  const { requestId, code } = await send();
  for (let left = 9; left >= 1; left--)
    expect(await verify(requestId, wrong(code))).toEqual({ outcome: 'incorrect', attemptsLeft: left });
  expect(await verify(requestId, code)).toMatchObject({ outcome: 'correct' });
});

test('a resend does not refill the attempts', async () => {
  const { clock, send, verify } = createHarness();
  const first = await send();
  for (let n = 0; n < 6; n++) await verify(first.requestId, wrong(first.code));
  clock.advance(30);
  const second = await send();
  expect(await verify(second.requestId, wrong(second.code))).toEqual({
    outcome: 'incorrect',
    attemptsLeft: 3,
  });
});

test('past the budget nothing is evaluated, and a hundred guesses at once do not pass it', async () => {
  const { send, verify } = createHarness();
  const { requestId, code } = await send();
  const results = await Promise.all(Array.from({ length: 100 }, () => verify(requestId, wrong(code))));
  expect(results.filter((result) => result.outcome === 'incorrect')).toHaveLength(10);
  expect(await verify(requestId, code)).toEqual({ outcome: 'exhausted', retryAfterSeconds: 3600 });
});

test('attempts come back one by one as they leave the window', async () => {
  const { clock, send, verify } = createHarness();
  const first = await send();
  await verify(first.requestId, wrong(first.code));
  clock.advance(60);
  for (let n = 0; n < 9; n++) await verify(first.requestId, wrong(first.code));
  clock.advance(3480);
  const second = await send();
  expect(await verify(second.requestId, second.code)).toEqual({
    outcome: 'exhausted',
    retryAfterSeconds: 60,
  });
  clock.advance(60);
  expect(await verify(second.requestId, second.code)).toMatchObject({ outcome: 'correct' });
});

test('servers whose clocks differ do not stretch the budget', async () => {
  const { clock, send, verify } = createHarness();
  const first = await send();
  const fail = async (requestId: string, code: string, secondsAhead: number) => {
    clock.advance(secondsAhead);
    const { outcome } = await verify(requestId, wrong(code));
    clock.advance(-secondsAhead);
    return outcome;
  };
  // One by a server half a second ahead, then nine by another.
  await fail(first.requestId, first.code, 0.5);
  for (let n = 0; n < 9; n++) await fail(first.requestId, first.code, 0);
  clock.advance(3600.2);
  const second = await send();
  const outcomes: string[] = [];
  for (let n = 0; n < 12; n++) outcomes.push(await fail(second.requestId, second.code, 0));
  // The ten of before still count for 0.3 seconds.
  expect(outcomes).toEqual(outcomes.map(() => 'exhausted'));
  clock.advance(0.3);
  expect(await fail(second.requestId, second.code, 0)).toBe('incorrect');
});

test('a tenant that bears fewer wrong codes counts those at others, and takes none from them', async () => {
  const { clock, otp, send, verify, to } = createHarness();
  const strict = { ...otp.policy, attempts: { ...otp.policy.attempts, count: 3 } };
  const issued = await issue(otp, { channel: 'sms', to, purpose: 'login', locale: 'en' }, strict);
  if (issued.outcome !== 'issued') throw new Error(issued.outcome);
  clock.advance(30);
  const elsewhere = await send();
  for (const attemptsLeft of [9, 8])
    expect(await verify(elsewhere.requestId, wrong(elsewhere.code))).toMatchObject({ attemptsLeft });
  // Wrong, but once in a million runs.
  expect(await verify(issued.requestId, '000000')).toEqual({ outcome: 'incorrect', attemptsLeft: 0 });
  expect(await verify(issued.requestId, '000000')).toMatchObject({ outcome: 'exhausted' });
  for (let left = 6; left >= 1; left--)
    expect(await verify(elsewhere.requestId, wrong(elsewhere.code))).toMatchObject({ attemptsLeft: left });
  expect(await verify(elsewhere.requestId, elsewhere.code)).toMatchObject({ outcome: 'correct' });
});
