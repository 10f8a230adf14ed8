import { startHttpServer } from '@kyong/testing';
import { isSignedBy } from '@kyong/webhooks';
import { expect, test } from 'vitest';
import { webhook } from '../../src/adapters/webhook.ts';
import { MessageRefused, RecipientRefused, SenderRefused } from '../../src/index.ts';
import { message, never } from './message.ts';

const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';

async function create(status: number, body: unknown = '') {
  const server = await startHttpServer(() => ({ status, body }));
  const now = () => new Date('2026-01-01T00:00:00.500Z');
  const sender = webhook({ url: `${server.url}hooks/otp`, secret, now });
  return { server, send: () => sender.send(message, never) };
}

test('a message is posted once, signed over its id, its time and what is in it', async () => {
  const { server, send } = await create(200, { messageId: 'm-1' });
  expect(await send()).toEqual({ messageId: 'm-1' });
  const [request] = server.requests;
  const { channel, to, locale, body } = message;
  expect(JSON.parse(request?.body ?? '')).toEqual({
    type: 'otp.message',
    timestamp: '2026-01-01T00:00:00.500Z',
    data: { channel, to, locale, body, expiresAt: message.expiresAt.toISOString() },
  });
  expect(request?.headers).toMatchObject({
    'webhook-id': message.id,
    'webhook-timestamp': '1767225600',
  });
  const signed = { id: message.id, sentAt: new Date('2026-01-01T00:00:00Z'), payload: request?.body ?? '' };
  expect(isSignedBy(secret, signed, String(request?.headers['webhook-signature']))).toBe(true);
  expect(request?.body).not.toContain('the-token');
});

test.each([
  [422, RecipientRefused],
  [400, MessageRefused],
  [413, MessageRefused],
  [401, SenderRefused],
  [410, SenderRefused],
])('an answer of %i', async (status, kind) => {
  const { send } = await create(status);
  await expect(send()).rejects.toThrow(kind);
});

test.each([500, 429, 302])('an answer of %i is tried again', async (status) => {
  const { send } = await create(status);
  const error = await send().catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(Error);
  expect(error).not.toBeInstanceOf(SenderRefused);
});

test('an answer without an id is one as well', async () => {
  for (const body of ['', 'ok', '{"messageId":7}', 'null']) {
    const { send } = await create(202, body);
    expect(await send()).toEqual({ messageId: undefined });
  }
});

test('a server that says nothing is left when the time is over', async () => {
  const server = await startHttpServer(() => new Promise(() => {}));
  const sender = webhook({ url: server.url, secret, now: () => new Date() });
  await expect(sender.send(message, AbortSignal.timeout(50))).rejects.toThrow('timeout');
});
