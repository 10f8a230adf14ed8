import type { SendOtpResponse, TokenPair } from '@kyong/contracts';
import { eventually } from '@kyong/testing';
import { expect, test } from 'vitest';
import { createGymService } from './gym.ts';
import { createService, post } from './harness.ts';

/** The events of security in a log, and all that stands in it. */
function eventsIn(log: string[]) {
  return log
    .map((line) => JSON.parse(line) as Record<string, unknown>)
    .filter(({ securityEvent }) => securityEvent !== undefined)
    .map(({ securityEvent, outcome, actor, sourceIp, reason }) => ({
      ...{ event: securityEvent, outcome, actor, sourceIp, reason },
    }));
}

test('sign-ins, wrong codes, reuse, logout and refusals are in the log: who, where from and how it ended', async () => {
  const { app, clock, log, startWorker } = await createService();
  startWorker();
  const to = 'ann@example.com';
  const sent = await post(app, '/api/otp/send', { channel: 'email', to });
  const { requestId } = sent.json<SendOtpResponse>();
  const code = await eventually(async () => {
    const [message] = (await app.inject({ url: '/dev/outbox', query: { to } })).json<{ body: string }[]>();
    const found = /\b\d{6}\b/.exec(message?.body ?? '')?.[0];
    if (!found) throw new Error('nothing has arrived yet');
    return found;
  });
  const wrong = code === '000000' ? '000001' : '000000';
  const verify = (guess: string) => post(app, '/api/otp/verify', { requestId, code: guess });
  await verify(wrong);
  const { refreshToken, accessToken, user } = (await verify(code)).json<TokenPair>();
  const refresh = (tenantId?: string) => post(app, '/api/auth/refresh', { refreshToken, tenantId });
  await refresh('other-gym');
  await refresh();
  clock.advance(10);
  await refresh();
  const headers = { authorization: `Bearer ${accessToken}` };
  await app.inject({ url: '/api/otp/log', headers });
  await app.inject({ url: '/api/auth/me', headers: { authorization: 'Bearer a.b.c' } });
  await post(app, '/api/auth/logout', { refreshToken: 'x'.repeat(64) });

  const by = { sourceIp: '127.0.0.1', actor: user.id };
  expect(eventsIn(log)).toEqual([
    { ...by, event: 'code', outcome: 'refused', actor: null, reason: 'otp_incorrect' },
    { ...by, event: 'sign-in', outcome: 'done' },
    { ...by, event: 'access', outcome: 'refused', reason: 'forbidden' },
    { ...by, event: 'refresh.reuse', outcome: 'refused', reason: 'refresh_token_invalid' },
    { ...by, event: 'refresh', outcome: 'refused', reason: 'refresh_token_invalid' },
    { ...by, event: 'access', outcome: 'refused', reason: 'forbidden' },
    { ...by, event: 'token', outcome: 'refused', actor: null, reason: 'unauthenticated' },
    { ...by, event: 'logout', outcome: 'done', actor: null },
  ]);
  expect(log.filter((line) => line.includes('"alarm":"refresh_token_reused"'))).toHaveLength(1);
  for (const secret of [to, code, refreshToken, accessToken]) expect(log.join('')).not.toContain(secret);
});

test('a reused token and changed words are in the audit, what was refused is not', async () => {
  const { app, pool, clock, signIn, request, tokenFor } = await createGymService();
  const { refreshToken, user } = await signIn('ann@example.com');
  await post(app, '/api/auth/refresh', { refreshToken });
  clock.advance(10);
  await post(app, '/api/auth/refresh', { refreshToken });
  const words = { name: 'Ours', channel: 'sms', purpose: 'login', bodies: { en: '{code} from {app}' } };
  await request('POST', '/api/otp/templates', words, await tokenFor('member'));
  const { templateId } = (await request('POST', '/api/otp/templates', words)).json<{ templateId: string }>();
  await request('PUT', `/api/otp/templates/${templateId}`, { ...words, name: 'Yours' });
  await request('DELETE', `/api/otp/templates/${templateId}`);
  const { rows } = await pool.query(
    'SELECT actor, action, tenant_id, host(source_ip) AS ip FROM audit ORDER BY id',
  );
  const ip = '127.0.0.1';
  const ours = { actor: 'someone', tenant_id: 'iron-temple', ip };
  expect(rows).toEqual([
    { actor: user.id, action: 'refresh.reuse', tenant_id: 'platform', ip },
    { ...ours, action: 'otp-template.create' },
    { ...ours, action: 'otp-template.replace' },
    { ...ours, action: 'otp-template.delete' },
  ]);
});
