import { expect, test } from 'vitest';
import { defaultPolicy } from '../src/index.ts';
import { createHarness, wrong } from './harness.ts';

test('a correct code grants what was asked for', async () => {
  const { send, verify, to } = createHarness();
  const { requestId, code } = await send();
  expect(await verify(requestId, code)).toEqual({
    outcome: 'correct',
    grant: { channel: 'sms', to, purpose: 'login' },
  });
});

test('of a hundred verifies at once exactly one succeeds', async () => {
  const { send, verify } = createHarness();
  const { requestId, code } = await send();
  const results = await Promise.all(Array.from({ length: 100 }, () => verify(requestId, code)));
  expect(results.filter((result) => result.outcome === 'correct')).toHaveLength(1);
  expect(results.filter((result) => result.outcome === 'expired')).toHaveLength(99);
});

test('a code is good until its lifetime ends, and not a millisecond longer', async () => {
  const { clock, send, verify } = createHarness();
  const early = await send();
  clock.advance(defaultPolicy.lifetimeSeconds - 0.001);
  expect(await verify(early.requestId, early.code)).toMatchObject({ outcome: 'correct' });
  const late = await send();
  clock.advance(defaultPolicy.lifetimeSeconds);
  expect(await verify(late.requestId, late.code)).toEqual({ outcome: 'expired' });
});

test('a code is good for its own request only', async () => {
  const { clock, send, verify } = createHarness();
  const first = await send();
  clock.advance(30);
  const second = await send();
  if (first.code !== second.code)
    expect(await verify(second.requestId, first.code)).toMatchObject({ outcome: 'incorrect' });
  // Asking for another code does not spoil the first.
  expect(await verify(first.requestId, first.code)).toMatchObject({ outcome: 'correct' });
});

test('a made-up request is expired and costs the recipient nothing', async () => {
  const { send, verify } = createHarness();
  const { requestId, code } = await send();
  const forged = `${'A'.repeat(21)}${requestId.slice(21)}`;
  for (let n = 0; n < 30; n++) expect(await verify(forged, code)).toEqual({ outcome: 'expired' });
  expect(await verify('no request', code)).toEqual({ outcome: 'expired' });
  expect(await verify(requestId, wrong(code))).toMatchObject({ attemptsLeft: 9 });
});
