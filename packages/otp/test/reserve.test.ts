import { expect, test } from 'vitest';
import { keyOf } from '../src/adapters/redis/partition.ts';
import { issue, verify } from '../src/index.ts';
import { createHarness, type Harness, wrong } from './harness.ts';

const home = '198.51.100.7';
const days = 86_400;

/** The recipient signs in from there. */
async function signIn({ clock, send, verify }: Harness, network: string): Promise<void> {
  const { requestId, code } = await send(network);
  expect(await verify(requestId, code, network)).toMatchObject({ outcome: 'correct' });
  clock.advance(1 * days);
}

/** Wrong codes from a network until nothing is evaluated any more. @returns how many were. */
async function exhaust({ verify }: Harness, requestId: string, code: string, network?: string) {
  for (let evaluated = 0; ; evaluated++)
    if ((await verify(requestId, wrong(code), network)).outcome === 'exhausted') return evaluated;
}

test('who has used up the attempts locks nobody out from where they have signed in before', async () => {
  const harness = createHarness();
  await signIn(harness, home);
  const { requestId, code } = await harness.send(home);
  expect(await exhaust(harness, requestId, code, '203.0.113.1')).toBe(10);
  expect(await harness.verify(requestId, code, '203.0.113.2')).toMatchObject({ outcome: 'exhausted' });
  expect(await harness.verify(requestId, code)).toMatchObject({ outcome: 'exhausted' });
  expect(await harness.verify(requestId, wrong(code), home)).toEqual({
    outcome: 'incorrect',
    attemptsLeft: 4,
  });
  expect(await harness.verify(requestId, code, home)).toMatchObject({ outcome: 'correct' });
});

test('a reserve has five attempts, comes back in an hour, and there are three: 25 are evaluated in all', async () => {
  const harness = createHarness();
  const networks = ['first', 'second', 'third', 'fourth'];
  for (const network of networks) await signIn(harness, network);
  const { requestId, code } = await harness.send();
  const evaluated: number[] = [];
  for (const network of ['stranger', ...networks])
    evaluated.push(await exhaust(harness, requestId, code, network));
  // The fourth pushed out the first.
  expect(evaluated).toEqual([10, 0, 5, 5, 5]);
  harness.clock.advance(3_600);
  const next = await harness.send();
  expect(await harness.verify(next.requestId, next.code, 'stranger')).toMatchObject({ outcome: 'correct' });
});

test('a network is forgotten thirty days after the last sign-in from there', async () => {
  const harness = createHarness();
  await signIn(harness, home);
  harness.clock.advance(29 * days);
  const { requestId, code } = await harness.send();
  expect(await exhaust(harness, requestId, code)).toBe(10);
  expect(await harness.verify(requestId, code, home)).toMatchObject({ outcome: 'exhausted' });
});

test('who has used up the sends keeps nobody from a code where they have signed in before', async () => {
  const harness = createHarness();
  await signIn(harness, home);
  for (let n = 0; n < 5; n++) {
    await harness.send('203.0.113.1');
    harness.clock.advance(300);
  }
  expect(await harness.trySend('203.0.113.2')).toMatchObject({ outcome: 'send_limit' });
  expect(await harness.trySend(home)).toMatchObject({ outcome: 'issued' });
  // As many as the others, with waits as long as theirs.
  expect(await harness.trySend(home)).toEqual({ outcome: 'resend_too_soon', retryAfterSeconds: 30 });
  for (const wait of [30, 60, 120, 240]) {
    harness.clock.advance(wait);
    expect(await harness.trySend(home)).toMatchObject({ outcome: 'issued' });
  }
  harness.clock.advance(240);
  expect(await harness.trySend(home)).toMatchObject({ outcome: 'send_limit' });
});

test('who asks for codes again and again makes nobody wait for theirs where they have signed in before', async () => {
  const harness = createHarness();
  await signIn(harness, home);
  const tooSoon = (retryAfterSeconds: number) => ({ outcome: 'resend_too_soon', retryAfterSeconds });
  await harness.send('203.0.113.1');
  expect(await harness.trySend('203.0.113.2')).toEqual(tooSoon(30));
  const { requestId, code } = await harness.send(home);
  expect(await harness.trySend(home)).toEqual(tooSoon(30));
  expect(await harness.verify(requestId, code, home)).toMatchObject({ outcome: 'correct' });
  // One's own sends are waited for as ever.
  harness.clock.advance(3_600);
  await harness.send(home);
  expect(await harness.trySend(home)).toEqual(tooSoon(30));
  expect(await harness.trySend('203.0.113.1')).toEqual(tooSoon(30));
});

test('while a brake is on a code goes where a reserve holds, and nowhere else', async () => {
  const harness = createHarness();
  const braked = { network: true, account: true };
  const trySend = (network: string, reserves = braked) =>
    issue(harness.otp, {
      channel: 'sms',
      to: harness.to,
      purpose: 'login',
      locale: 'en',
      network,
      braked: reserves,
    });
  expect(await trySend(home)).toEqual({ outcome: 'braked' });
  await signIn(harness, home);
  expect(await trySend(home)).toMatchObject({ outcome: 'issued', reserve: 'network' });
  expect(await trySend(home, { network: false, account: false })).toEqual({ outcome: 'braked' });
  // From elsewhere: two an hour, and no word of a wait, which would tell that the person is known.
  expect(await trySend('203.0.113.1')).toMatchObject({ outcome: 'issued', reserve: 'account' });
  expect(await trySend('203.0.113.1')).toEqual({ outcome: 'braked' });
  harness.clock.advance(30);
  expect(await trySend('203.0.113.2')).toMatchObject({ outcome: 'issued', reserve: 'account' });
  harness.clock.advance(600);
  expect(await trySend('203.0.113.2')).toEqual({ outcome: 'braked' });
  expect(await trySend('203.0.113.2', { network: true, account: false })).toEqual({ outcome: 'braked' });
  // Whatever a stranger has used up of it, home is another.
  expect(await trySend(home)).toMatchObject({ outcome: 'issued', reserve: 'network' });
});

test('somebody has an account for sixty days after a sign-in: longer than a session lasts', async () => {
  const harness = createHarness();
  const trySend = () =>
    issue(harness.otp, {
      ...{ channel: 'sms', to: harness.to, purpose: 'login', locale: 'en', network: home },
      braked: { network: true, account: true },
    });
  await signIn(harness, home);
  harness.clock.advance(31 * days);
  expect(await trySend()).toMatchObject({ outcome: 'issued', reserve: 'account' });
  harness.clock.advance(28 * days);
  expect(await trySend()).toEqual({ outcome: 'braked' });
});

test('who bears fewer wrong codes for a while has as many as always afterwards, and at home all the time', async () => {
  const harness = createHarness();
  await signIn(harness, home);
  const { requestId, code } = await harness.send();
  const guess = (network: string, most?: number) =>
    verify(harness.otp, { requestId, code: wrong(code), network, ...(most !== undefined && { most }) });
  for (const attemptsLeft of [2, 1, 0])
    expect(await guess('203.0.113.1', 3)).toEqual({ outcome: 'incorrect', attemptsLeft });
  expect(await guess('203.0.113.1', 3)).toMatchObject({ outcome: 'exhausted' });
  expect(await guess(home, 3)).toEqual({ outcome: 'incorrect', attemptsLeft: 4 });
  expect(await guess('203.0.113.1')).toEqual({ outcome: 'incorrect', attemptsLeft: 6 });
});

test('a wrong guess from the reserve that runs twice counts once', async () => {
  const harness = createHarness();
  await signIn(harness, home);
  const { requestId, code } = await harness.send();
  await exhaust(harness, requestId, code);
  const { keys, policy, store } = harness.otp;
  const recipient = keys.recipient(harness.to);
  const guess = {
    ...{ recipient, requestId, codeHash: 'another', operationId: 'one', at: harness.clock.now() },
    ...{ network: keys.network(recipient, home), limit: policy.attempts, reserve: policy.reserve },
  };
  expect(await store.verify(guess)).toEqual({ outcome: 'incorrect', attemptsLeft: 4 });
  expect(await store.verify(guess)).toEqual({ outcome: 'incorrect', attemptsLeft: 4 });
});

test('the store holds no network, and none that can be found at another recipient', async () => {
  const harness = createHarness();
  await signIn(harness, home);
  const { keys } = harness.otp;
  const recipient = keys.recipient(harness.to);
  const known = await harness.redis.zrange(keyOf.networks(recipient), '0', '-1');
  expect(known).toEqual([keys.network(recipient, home)]);
  expect(known).not.toContain(keys.network(keys.recipient('+886912345679'), home));
  expect(JSON.stringify(known)).not.toContain('198');
});
