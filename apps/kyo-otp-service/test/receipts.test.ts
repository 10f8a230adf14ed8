import { createReceiptToken, sendReference } from '@kyong/otp';
import { mitake } from '@kyong/otp/adapters/mitake';
import { eventually, startHttpServer } from '@kyong/testing';
import { expect, onTestFinished, test } from 'vitest';
import { createApp } from '../src/app.ts';
import { createGymService } from './gym.ts';
import { createService, post, problemOf } from './harness.ts';

const to = '+886912345678';

/** A gym whose SMS go through a Mitake on this machine, which keeps the address its receipts are to be brought to. */
async function createMitakeGym() {
  const service = await createGymService({ queue: true });
  const server = await startHttpServer(() => ({
    body: '[1]\r\nmsgid=0000000010\r\nstatuscode=1\r\nsmsPoint=1\r\n',
  }));
  service.startWorker(
    mitake({
      baseUrl: server.url,
      username: 'u',
      password: 'p',
      pricePerPoint: { amount: 0.9, currency: 'TWD' },
      receiptUrl: (token) => `https://kyo.example/api/otp/receipts/mitake/${token}`,
    }),
  );
  const callback = () =>
    eventually(() => {
      const given = new URLSearchParams(server.requests[0]?.body).get('response');
      if (!given) throw new Error('nothing sent yet');
      return new URL(given).pathname;
    });
  return { ...service, callback };
}

const delivered =
  'msgid=0000000010&dstaddr=0912345678&dlvtime=20260101080000&donetime=20260101080003&statusstr=DELIVRD&statuscode=0&StatusFlag=4';

test('Mitake tells what became of a message, at the address it was given for that message', async () => {
  const { app, send, callback, logOf } = await createMitakeGym();
  await send(to);
  const response = await app.inject(`${await callback()}?${delivered}`);
  expect([response.statusCode, response.headers['content-type']]).toEqual([200, 'text/plain']);
  expect(response.body).toBe('magicid=sms_gateway_rpack\nmsgid=0000000010\n');
  const { entries } = await logOf('status=delivered', 1);
  expect(entries[0]).toMatchObject({
    ...{ provider: 'mitake', providerMessageId: '0000000010', deliveredAt: expect.any(String) },
    ...{ cost: { amount: 0.9, currency: 'TWD' }, segments: 1 },
  });
});

test('a message that did not arrive says why; a later delivery counts, a later failure does not', async () => {
  const { app, send, callback, logOf } = await createMitakeGym();
  await send(to);
  const path = await callback();
  await app.inject(`${path}?msgid=1&statuscode=8`);
  expect((await logOf('status=undelivered', 1)).entries[0]).toMatchObject({ failure: 'expired' });
  await app.inject(`${path}?${delivered}`);
  expect((await logOf('status=delivered', 1)).entries[0]).toMatchObject({ failure: null });
  await app.inject(`${path}?msgid=1&statuscode=8`);
  await app.inject(`${path}?msgid=1&statuscode=1`);
  await logOf('status=delivered', 1);
});

test('who has no token of ours changes nothing', async () => {
  const { app } = await createGymService();
  const forged = Buffer.alloc(120, 7).toString('base64url');
  expect(problemOf(await app.inject(`/api/otp/receipts/mitake/${forged}?${delivered}`))).toEqual([
    404,
    'not_found',
  ]);
  expect(problemOf(await app.inject('/api/otp/receipts/mitake/short?msgid=1'))).toEqual([
    400,
    'malformed_request',
  ]);
});

/** As Amazon SNS posts it: JSON that it calls text. */
const notification = (event: object) =>
  JSON.stringify({ Type: 'Notification', Message: JSON.stringify(event) });
const sms = (token: string) => ({
  ...{ eventType: 'TEXT_DELIVERED', isFinal: true, messageStatus: 'DELIVERED', totalMessagePrice: 0.06 },
  context: { receipt: token },
});

test('AWS tells what became of a message, and what it cost', async () => {
  const { app, dependencies, startWorker, send, logOf } = await createGymService({ queue: true });
  startWorker({ name: 'aws-sms', send: async () => ({ messageId: 'm-1' }) });
  const requestId = await send(to);
  await logOf('status=sent', 1);
  const token = createReceiptToken(dependencies.otpKeys, {
    ...{ tenantId: 'iron-temple', reference: sendReference(requestId) },
    recipientHash: dependencies.otpKeys.recipient(to).toString('base64url'),
  } as never);
  const response = await app.inject({
    method: 'POST',
    url: '/api/otp/receipts/aws',
    headers: { 'content-type': 'text/plain; charset=UTF-8' },
    payload: notification(sms(token)),
  });
  expect(response.statusCode).toBe(204);
  expect((await logOf('status=delivered', 1)).entries[0]).toMatchObject({
    cost: { amount: 0.06, currency: 'USD' },
  });
});

test('a receipt that comes before its send is in the log waits for it', async () => {
  const { app, dependencies, startWorker, send, logOf } = await createGymService({ queue: true });
  const requestId = await send(to);
  const token = createReceiptToken(dependencies.otpKeys, {
    ...{ tenantId: 'iron-temple', reference: sendReference(requestId) },
    recipientHash: dependencies.otpKeys.recipient(to).toString('base64url'),
  } as never);
  await app.inject({ method: 'POST', url: '/api/otp/receipts/aws', payload: sms(token) });
  startWorker();
  await logOf('status=delivered', 1);
});

/** As Amazon SNS posts it, but for its signature, which `confirm` looks at. */
const subscription = {
  ...{ Type: 'SubscriptionConfirmation', MessageId: '1', Token: 'a-token', Message: 'You have chosen …' },
  ...{ TopicArn: 'arn:aws:sns:ap-northeast-1:123456789012:receipts', Timestamp: '2026-01-01T00:00:00.000Z' },
  SubscribeURL: 'https://sns.ap-northeast-1.amazonaws.com/?Action=ConfirmSubscription',
  SigningCertURL: 'https://sns.ap-northeast-1.amazonaws.com/SimpleNotificationService-0a.pem',
  ...{ SignatureVersion: '2', Signature: 'YQ==' },
};

test.each<[string, () => Promise<boolean>, number]>([
  ['is confirmed', async () => true, 204],
  ['of somebody else is refused', async () => false, 403],
  ['is asked for again while Amazon cannot be reached', () => Promise.reject(new Error('away')), 503],
])('a subscription %s', async (_, confirm, status) => {
  const { dependencies } = await createService();
  const app = createApp({ ...dependencies, subscriptions: { confirm } });
  onTestFinished(() => app.close());
  const request = { method: 'POST', url: '/api/otp/receipts/aws', payload: subscription } as const;
  expect((await app.inject(request)).statusCode).toBe(status);
});

test('a long host, or none to go to, is refused before anything is matched or fetched', async () => {
  const { app, log } = await createService();
  const SubscribeURL = `https://sns.${'a'.repeat(20_000)}.amazonaws.com/`;
  const startedAt = performance.now();
  const response = await post(
    app,
    '/api/otp/receipts/aws',
    { Type: 'SubscriptionConfirmation', SubscribeURL },
    {
      'x-request-id': 'eyJ-probe-1',
    },
  );
  expect(problemOf(response)).toEqual([400, 'malformed_request']);
  expect(performance.now() - startedAt).toBeLessThan(500);
  expect(log.join('').length).toBeLessThan(5_000);
  // The laptop has no topic.
  expect((await post(app, '/api/otp/receipts/aws', subscription)).statusCode).toBe(204);
});

test('what AWS says of messages that are not ours is taken and forgotten', async () => {
  const { app } = await createGymService();
  for (const payload of [sms('nonsense'), { hello: 1 }, { Type: 'Notification', Message: 'hello' }]) {
    const response = await app.inject({ method: 'POST', url: '/api/otp/receipts/aws', payload });
    expect(response.statusCode).toBe(204);
  }
  const malformed = { method: 'POST', url: '/api/otp/receipts/aws', payload: '{' } as const;
  const asText = { ...malformed, headers: { 'content-type': 'text/plain' } };
  expect(problemOf(await app.inject(asText))).toEqual([400, 'malformed_json']);
  const large = { ...asText, payload: JSON.stringify({ a: 'a'.repeat(200_000) }) };
  expect(problemOf(await app.inject(large))).toEqual([413, 'payload_too_large']);
});
