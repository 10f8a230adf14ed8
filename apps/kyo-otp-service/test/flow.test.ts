import type { OutboxMessage, SendOtpResponse, TokenPair } from '@kyong/contracts';
import { connectRedis, untilReady } from '@kyong/redis';
import { eventually, startTestRedis } from '@kyong/testing';
import { expect, onTestFinished, test } from 'vitest';
import { createService, post, problemOf } from './harness.ts';

/** The service with a queue and a worker that no other test meets. */
async function createPlatform() {
  const { endpoint } = await startTestRedis();
  const redis = connectRedis({ nodes: [endpoint], password: endpoint.password }, () => {});
  onTestFinished(() => redis.disconnect());
  await untilReady(redis);
  const service = await createService({ redis });
  service.startWorker();
  const codeFor = (to: string) =>
    eventually(async () => {
      const response = await service.app.inject({ url: '/dev/outbox', query: { to } });
      const [message] = response.json<OutboxMessage[]>();
      const code = /\d{6}/.exec(message?.body ?? '')?.[0];
      if (!code) throw new Error('nothing has arrived yet');
      return code;
    });
  return { ...service, codeFor };
}

test('from a phone number to a session, and nothing of it in the log', async () => {
  const { app, log, codeFor } = await createPlatform();
  const to = '+886912345678';
  const sent = await post(app, '/api/otp/send', { channel: 'sms', to, purpose: 'signup' });
  expect(sent.statusCode).toBe(202);
  expect(sent.headers['cache-control']).toBe('no-store');
  const { requestId } = sent.json<SendOtpResponse>();
  const code = await codeFor(to);

  const incorrect = await post(app, '/api/otp/verify', {
    requestId,
    code: code === '000000' ? '111111' : '000000',
  });
  expect(problemOf(incorrect)).toEqual([422, 'otp_incorrect']);
  expect(incorrect.json()).toMatchObject({ attemptsLeft: 9 });

  const verified = await post(app, '/api/otp/verify', { requestId, code });
  expect(verified.statusCode).toBe(200);
  const pair = verified.json<TokenPair>();
  expect(pair).toMatchObject({ tokenType: 'Bearer', expiresIn: 900, user: { roles: [], tenants: [] } });
  expect(problemOf(await post(app, '/api/otp/verify', { requestId, code }))).toEqual([422, 'otp_expired']);

  const me = await app.inject({
    url: '/api/auth/me',
    headers: { authorization: `Bearer ${pair.accessToken}` },
  });
  expect(me.json()).toEqual(pair.user);

  const everything = log.join('');
  expect(everything).toContain('/api/otp/verify');
  for (const secret of [to.slice(1), code, pair.accessToken, pair.refreshToken])
    expect(everything).not.toContain(secret);
});

test('an e-mail address is one person and one budget, however it is spelt', async () => {
  const { app, codeFor } = await createPlatform();
  const send = (to: string) => post(app, '/api/otp/send', { channel: 'email', to });
  const sent = await send('Ann@Example.com');
  expect(sent.statusCode).toBe(202);
  const again = await send('ann@example.COM');
  expect(problemOf(again)).toEqual([429, 'otp_resend_too_soon']);
  expect(again.headers['retry-after']).toBe('30');
  const { requestId } = sent.json<SendOtpResponse>();
  const code = await codeFor('ANN@example.com');
  expect((await post(app, '/api/otp/verify', { requestId, code })).statusCode).toBe(200);
});

test('a phone is one person and one budget, however its number is written, and a code may be pasted in groups', async () => {
  const { app, codeFor } = await createPlatform();
  const send = (to: string) => post(app, '/api/otp/send', { channel: 'sms', to });
  const sent = await send('+886 0912-345-678');
  expect(sent.statusCode).toBe(202);
  for (const same of ['+886912345678', '+8860912345678', '＋８８６９１２３４５６７８'])
    expect(problemOf(await send(same))).toEqual([429, 'otp_resend_too_soon']);
  const { requestId } = sent.json<SendOtpResponse>();
  const code = await codeFor('+886912345678');
  const fullWidth = code.replaceAll(/\d/g, (digit) => String.fromCharCode(digit.charCodeAt(0) + 0xfee0));
  const pasted = `${fullWidth.slice(0, 3)}-${fullWidth.slice(3)}\u00a0`;
  expect((await post(app, '/api/otp/verify', { requestId, code: pasted })).statusCode).toBe(200);
});

test('however many tags are made up, a mailbox gets what one recipient gets', async () => {
  const { app } = await createPlatform();
  const send = async (to: string) => problemOf(await post(app, '/api/otp/send', { channel: 'email', to }));
  const sent = await post(app, '/api/otp/send', { channel: 'email', to: 'a.n.n@gmail.com' });
  expect(sent.statusCode).toBe(202);
  for (const same of ['ann+1@gmail.com', 'an.n+2@googlemail.com'])
    expect(await send(same)).toEqual([429, 'otp_resend_too_soon']);
});

test('too many wrong codes are a 429 that says when to come back', async () => {
  const { app, codeFor } = await createPlatform();
  const to = 'ann@example.com';
  const sent = await post(app, '/api/otp/send', { channel: 'email', to });
  const { requestId } = sent.json<SendOtpResponse>();
  const code = await codeFor(to);
  for (let n = 0; n < 10; n++)
    await post(app, '/api/otp/verify', { requestId, code: code === '000000' ? '111111' : '000000' });
  const response = await post(app, '/api/otp/verify', { requestId, code });
  expect(problemOf(response)).toEqual([429, 'otp_attempts_exhausted']);
  expect(response.headers['retry-after']).toBe('3600');
});
