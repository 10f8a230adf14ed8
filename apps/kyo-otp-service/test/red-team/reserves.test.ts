// Attacks on the limits that everybody shares: who is known gets in all the same, who is not learns nothing else.
import type { SendOtpResponse } from '@kyong/contracts';
import { defaultBrake } from '@kyong/otp';
import { expect, onTestFinished, test } from 'vitest';
import { createApp, type OtpServiceDependencies } from '../../src/app.ts';
import { createService, post, problemOf } from '../harness.ts';
import { queuedCode } from '../queued-code.ts';
import { connectOwnRedis, useOwnRedis } from './target.ts';

useOwnRedis();

const home = '2001:db8:1:2::7';
const victim = '+886955120001';

async function createPlatform(options: Partial<OtpServiceDependencies> = {}) {
  const redis = await connectOwnRedis();
  await redis.flushall();
  const { clock, dependencies, log } = await createService({ redis, limitLoopback: true });
  const app = createApp({ ...dependencies, ...options });
  onTestFinished(() => app.close());
  let addresses = 0;
  const freshIp = () => `203.0.${(++addresses >> 8) % 256}.${addresses % 256}`;
  const send = (to: string, ip = freshIp(), changes: object = {}) =>
    post(
      app,
      '/api/otp/send',
      { channel: to.startsWith('+') ? 'sms' : 'email', to, ...changes },
      { 'x-forwarded-for': ip },
    );
  const verify = (requestId: string, code: string, ip: string) =>
    post(app, '/api/otp/verify', { requestId, code }, { 'x-forwarded-for': ip });
  const signIn = async (to: string, ip: string) => {
    const { requestId } = (await send(to, ip)).json<SendOtpResponse>();
    expect((await verify(requestId, await queuedCode(dependencies, requestId), ip)).statusCode).toBe(200);
    clock.advance(3_600);
  };
  const alarms = () => log.map((line) => (JSON.parse(line) as { alarm?: string }).alarm).filter(Boolean);
  return { app, clock, dependencies, freshIp, send, verify, signIn, alarms };
}

test('SMS to a block: its people get in from where they are known, and twice an hour from elsewhere', async () => {
  const { send, signIn, clock } = await createPlatform();
  await signIn(victim, home);
  for (let n = 0; n < defaultBrake.blockSends.count; n++)
    expect((await send(`+88695512${String(n + 100).padStart(4, '0')}`)).statusCode).toBe(202);
  expect(problemOf(await send('+886955129999'))).toEqual([429, 'otp_prefix_limit']);
  expect((await send(victim, home)).statusCode).toBe(202);
  expect((await send(victim, home, { tenantId: 'iron-temple' })).statusCode).toBe(429);
  expect((await send(victim)).statusCode).toBe(202);
  clock.advance(30);
  expect((await send(victim)).statusCode).toBe(202);
  expect(problemOf(await send(victim))).toEqual([429, 'otp_prefix_limit']);
});

test('e-mails without a tenant: a machine room shuts nobody out, and a stranger still signs up', async () => {
  const { send } = await createPlatform();
  let sent = 0;
  for (let n = 0; n < 620; n++)
    if ((await send(`v+${n}@n${n}.example`, `203.0.113.${n % 31}`)).statusCode === 202) sent++;
  expect(sent).toBe(55);
  expect((await send('new@example.com', '198.51.100.7')).statusCode).toBe(202);
  expect((await send('neighbour@example.com', '203.0.113.99')).statusCode).toBe(202);
});

test('wrong codes to many recipients: each bears three, those at home all of theirs, and an operator hears of it', async () => {
  const guessing = { ...defaultBrake.guessing, count: 5 };
  const { send, verify, signIn, alarms } = await createPlatform({ brake: { guessing } });
  await signIn('ann@example.com', home);
  for (let n = 0; n < 5; n++) {
    const { requestId } = (await send(`${n}@example.com`)).json<SendOtpResponse>();
    await verify(requestId, 'WRONG1', '198.51.100.1');
  }
  const { requestId } = (await send('ann@example.com')).json<SendOtpResponse>();
  const guess = async (ip: string) => problemOf(await verify(requestId, 'WRONG1', ip))[1];
  const codes = [];
  for (let n = 0; n < 5; n++) codes.push(await guess('198.51.100.2'));
  expect(codes).toEqual([
    ...['otp_incorrect', 'otp_incorrect', 'otp_incorrect'],
    ...['otp_attempts_exhausted', 'otp_attempts_exhausted'],
  ]);
  expect(await guess(home)).toBe('otp_incorrect');
  expect(alarms()).toEqual(['guessing']);
});

test('a captcha is asked of everybody, e-mail included, before a limit is reached', async () => {
  const { send } = await createPlatform({
    captcha: { verify: async (token) => token === 'a person' },
    platformPolicy: { tenantSends: { count: 4, windowSeconds: 60 } },
  });
  for (const n of [1, 2]) expect((await send(`${n}@example.com`, `198.51.${n}.1`)).statusCode).toBe(202);
  expect(problemOf(await send('3@example.com', '198.51.3.1'))).toEqual([422, 'otp_captcha_required']);
  const proved = await send('3@example.com', '198.51.3.1', { captchaToken: 'a person' });
  expect(proved.statusCode).toBe(202);
});
