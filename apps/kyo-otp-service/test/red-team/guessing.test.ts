// Attacks that guess a code, or use one twice.
import type { SendOtpResponse, TokenPair } from '@kyong/contracts';
import { defaultPolicy } from '@kyong/otp';
import { expect, onTestFinished, test } from 'vitest';
import { createApp } from '../../src/app.ts';
import { post, problemOf } from '../harness.ts';
import { createTarget, useOwnRedis, wrong } from './target.ts';

useOwnRedis();

const { count: budget } = defaultPolicy.attempts;
const victim = 'victim@example.com';
const requestIdOf = (sent: { json: () => unknown }) => (sent.json() as SendOtpResponse).requestId;

test('brute force over resends: a new code brings no new attempts', async () => {
  const { clock, send, verify, freshIp, readCode } = await createTarget();
  let evaluated = 0;
  let last = { requestId: '', code: '' };
  for (let resend = 0; resend < 5; resend++) {
    const sent = await send(victim, { ip: freshIp() });
    expect(sent.statusCode).toBe(202);
    last = await readCode(victim, sent);
    for (let n = 0; n < 20; n++) {
      const answer = await verify(last.requestId, wrong(last.code), freshIp());
      if (problemOf(answer)[1] === 'otp_incorrect') evaluated++;
    }
    clock.advance(300);
  }
  expect(evaluated).toBe(budget);
  clock.advance(-290);
  expect(problemOf(await verify(last.requestId, last.code, freshIp()))).toEqual([
    429,
    'otp_attempts_exhausted',
  ]);
});

test('brute force over IPs: two hundred addresses share one budget', async () => {
  const { send, verify, freshIp, readCode } = await createTarget();
  const { requestId, code } = await readCode(victim, await send(victim, { ip: freshIp() }));
  const answers = await Promise.all(
    Array.from({ length: 200 }, () => verify(requestId, wrong(code), freshIp())),
  );
  const codes = answers.map((answer) => problemOf(answer)[1]);
  expect(codes.filter((one) => one === 'otp_incorrect')).toHaveLength(budget);
  expect(codes.filter((one) => one === 'otp_attempts_exhausted')).toHaveLength(200 - budget);
});

test('brute force over tenants and purposes: naming another brings no new attempts', async () => {
  const { clock, send, verify, freshIp, readCode } = await createTarget();
  let evaluated = 0;
  const doors = [
    { tenantId: 'iron-temple' },
    { tenantId: 'other-gym' },
    { purpose: 'signup' },
    { tenantId: 'third-gym', purpose: 'signup' },
  ];
  for (const door of doors) {
    const sent = await send(victim, { ip: freshIp(), ...door });
    expect(sent.statusCode).toBe(202);
    const { requestId, code } = await readCode(victim, sent);
    for (let n = 0; n < 5; n++)
      if (problemOf(await verify(requestId, wrong(code), freshIp()))[1] === 'otp_incorrect') evaluated++;
    clock.advance(250);
  }
  expect(evaluated).toBe(budget);
});

test('replay: a code is spent by its first use, and good for no other request', async () => {
  const { app, clock, send, verify, freshIp, readCode } = await createTarget();
  const first = await readCode(victim, await send(victim, { ip: freshIp() }));
  clock.advance(30);
  const second = await readCode(victim, await send(victim, { ip: freshIp() }));
  const accepted = await verify(first.requestId, first.code, freshIp());
  expect(accepted.statusCode).toBe(200);
  for (let n = 0; n < 3; n++)
    expect(problemOf(await verify(first.requestId, first.code, freshIp()))).toEqual([422, 'otp_expired']);
  if (first.code !== second.code)
    expect(problemOf(await verify(second.requestId, first.code, freshIp()))).toEqual([422, 'otp_incorrect']);

  // Nor is a refresh token good for long once it is spent: a later use ends the session for thief and victim.
  const { refreshToken } = accepted.json<TokenPair>();
  const refresh = (token: string) => post(app, '/api/auth/refresh', { refreshToken: token });
  const next = (await refresh(refreshToken)).json<TokenPair>().refreshToken;
  clock.advance(10);
  for (const token of [refreshToken, next])
    expect(problemOf(await refresh(token))).toEqual([401, 'refresh_token_invalid']);
});

test('five hundred verifies at once on two instances: exactly one success', async () => {
  const { app, dependencies, send, freshIp, readCode } = await createTarget();
  const other = createApp(dependencies);
  onTestFinished(() => other.close());
  const { requestId, code } = await readCode(victim, await send(victim, { ip: freshIp() }));
  const answers = await Promise.all(
    Array.from({ length: 500 }, (_, n) =>
      post(n % 2 ? app : other, '/api/otp/verify', { requestId, code }, { 'x-forwarded-for': freshIp() }),
    ),
  );
  expect(answers.filter(({ statusCode }) => statusCode === 200)).toHaveLength(1);
  const refused = answers.filter(({ statusCode }) => statusCode !== 200).map(problemOf);
  expect(new Set(refused.map(([status, name]) => `${status} ${name}`))).toEqual(new Set(['422 otp_expired']));
});

test("made-up requests cost their victim nothing: a recipient's attempts cannot be spent without a code sent", async () => {
  const { send, verify, freshIp, readCode } = await createTarget();
  const sent = await send(victim, { ip: freshIp() });
  const { requestId, code } = await readCode(victim, sent);
  const forged = `${'A'.repeat(21)}${requestIdOf(sent).slice(21)}`;
  for (let n = 0; n < 30; n++)
    expect(problemOf(await verify(forged, code, freshIp()))).toEqual([422, 'otp_expired']);
  expect((await verify(requestId, code, freshIp())).statusCode).toBe(200);
});
