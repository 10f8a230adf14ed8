import { expect, test } from 'vitest';
import { createApp } from '../src/app.ts';
import { createService, post, problemOf } from './harness.ts';

const send = '/api/otp/send';
const verify = '/api/otp/verify';

test.each<[string, string, object, string]>([
  ['nothing', send, {}, 'body.channel'],
  ['a list', send, [], 'body'],
  ['an unknown channel', send, { channel: '__proto__', to: '+886912345678' }, 'body.channel'],
  ['a national number', send, { channel: 'sms', to: '0912345678' }, 'body.to'],
  ['a number with a digit too much', send, { channel: 'sms', to: '+88600912000202' }, 'body.to'],
  ['a name of 65 characters', send, { channel: 'email', to: `${'a'.repeat(65)}@example.com` }, 'body.to'],
  ['a number for e-mail', send, { channel: 'email', to: '+886912345678' }, 'body.to'],
  ['a homograph', send, { channel: 'email', to: 'аnn@example.com' }, 'body.to'],
  ['a number as address', send, { channel: 'sms', to: 886912345678 }, 'body.to'],
  ['an unknown purpose', send, { channel: 'sms', to: '+886912345678', purpose: 'x' }, 'body.purpose'],
  ['a bad tenant', send, { channel: 'sms', to: '+886912345678', tenantId: '../x' }, 'body.tenantId'],
  ['an unknown field', send, { channel: 'sms', to: '+886912345678', admin: true }, 'body'],
  ['no code', verify, { requestId: 'x' }, 'body.code'],
  ['a code of letters', verify, { requestId: 'x', code: 'abcdef' }, 'body.code'],
  ['a long request id', verify, { requestId: 'x'.repeat(65), code: '123456' }, 'body.requestId'],
  ['no refresh token', '/api/auth/refresh', {}, 'body.refreshToken'],
])('%s is a 400 that says where', async (_, url, body, path) => {
  const { app } = await createService();
  const response = await post(app, url, body);
  expect(problemOf(response)).toEqual([400, 'malformed_request']);
  expect(response.json()).toMatchObject({
    errors: expect.arrayContaining([expect.objectContaining({ path })]),
  });
});

test('what is no JSON, no body, too large or of another type has its own code', async () => {
  const { app } = await createService();
  const inject = async (payload: string, type = 'application/json') =>
    problemOf(await app.inject({ method: 'POST', url: send, payload, headers: { 'content-type': type } }));
  expect(await inject('{"channel":')).toEqual([400, 'malformed_json']);
  expect(await inject('')).toEqual([400, 'malformed_request']);
  expect(await inject(`"${'x'.repeat(5_000)}"`)).toEqual([413, 'payload_too_large']);
  expect(await inject('channel=sms', 'application/x-www-form-urlencoded')).toEqual([
    415,
    'unsupported_media_type',
  ]);
  expect(await inject('{}', 'text/plain')).toEqual([415, 'unsupported_media_type']);
});

test('a request nobody made is expired, a refresh token nobody got is invalid', async () => {
  const { app } = await createService();
  for (const requestId of ['x', 'A'.repeat(43), '{otp:0}', '../..'])
    expect(problemOf(await post(app, verify, { requestId, code: '123456' }))).toEqual([422, 'otp_expired']);
  for (const refreshToken of ['x', 'A'.repeat(64)])
    expect(problemOf(await post(app, '/api/auth/refresh', { refreshToken }))).toEqual([
      401,
      'refresh_token_invalid',
    ]);
});

test('without an outbox there is no /dev/outbox', async () => {
  const { dependencies } = await createService();
  const { outbox: _, ...production } = dependencies;
  const app = createApp(production);
  expect(problemOf(await app.inject('/dev/outbox?to=a@example.com'))).toEqual([404, 'not_found']);
  await app.close();
});
