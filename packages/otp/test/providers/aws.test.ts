import { startHttpServer } from '@kyong/testing';
import { expect, test } from 'vitest';
import { awsSms } from '../../src/adapters/aws-sms.ts';
import { ses } from '../../src/adapters/ses.ts';
import { MessageRefused, RecipientRefused, SenderRefused } from '../../src/index.ts';
import { message, never } from './message.ts';

const account = {
  region: 'ap-northeast-1',
  credentials: { accessKeyId: 'AKIAEXAMPLE', secretAccessKey: 'secret' },
};
const json = { 'content-type': 'application/x-amz-json-1.0' };
const email = { ...message, channel: 'email', to: 'ann@example.com', subject: 'Your code' } as const;

async function startSms(status: number, body: object) {
  const server = await startHttpServer(() => ({ status, headers: json, body }));
  const sender = awsSms({
    ...account,
    endpoint: server.url,
    origination: 'KYO',
    maxPriceUsd: '0.20',
    configurationSet: 'kyo-receipts',
  });
  return { server, send: () => sender.send(message, never) };
}

async function startSes(status: number, body: object, errorType?: string) {
  const headers = { 'content-type': 'application/json', ...(errorType && { 'x-amzn-errortype': errorType }) };
  const server = await startHttpServer(() => ({ status, headers, body }));
  const sender = ses({
    ...account,
    endpoint: server.url,
    from: 'Kyo <no-reply@kyo.example>',
    configurationSet: 'kyo-receipts',
    pricePerMessage: { amount: 0.0001, currency: 'USD' },
  });
  return { server, send: () => sender.send(email, never) };
}

test('an SMS is transactional, bounded in price and in time, and comes back with its token', async () => {
  const { server, send } = await startSms(200, { MessageId: 'm-1' });
  expect(await send()).toEqual({ messageId: 'm-1', segments: 1 });
  const [request] = server.requests;
  expect(request?.headers['x-amz-target']).toBe('PinpointSMSVoiceV2.SendTextMessage');
  expect(request?.headers.authorization).toContain('/ap-northeast-1/sms-voice/aws4_request');
  const { TimeToLive, ...input } = JSON.parse(request?.body ?? '') as { TimeToLive: number };
  expect(input).toEqual({
    DestinationPhoneNumber: '+886912345678',
    OriginationIdentity: 'KYO',
    MessageBody: message.body,
    MessageType: 'TRANSACTIONAL',
    MaxPrice: '0.20',
    ConfigurationSetName: 'kyo-receipts',
    Context: { receipt: 'the-token' },
  });
  expect(TimeToLive).toBeGreaterThan(200);
  expect(TimeToLive).toBeLessThanOrEqual(300);
});

test.each([
  [
    'a number that is none',
    400,
    {
      __type: 'ValidationException',
      Reason: 'FIELD_VALIDATION_FAILED',
      Fields: [{ Name: 'DestinationPhoneNumber', Message: 'invalid' }],
    },
    RecipientRefused,
  ],
  [
    'a number that wants no messages',
    400,
    { __type: 'ConflictException', Reason: 'DESTINATION_PHONE_NUMBER_OPTED_OUT' },
    RecipientRefused,
  ],
  [
    'a price above the limit',
    400,
    { __type: 'ValidationException', Reason: 'PRICE_OVER_THRESHOLD' },
    MessageRefused,
  ],
  [
    'a text that is too long',
    400,
    {
      __type: 'ValidationException',
      Reason: 'FIELD_VALIDATION_FAILED',
      Fields: [{ Name: 'MessageBody', Message: 'invalid' }],
    },
    MessageRefused,
  ],
  [
    'a country that is blocked',
    400,
    { __type: 'ConflictException', Reason: 'DESTINATION_COUNTRY_BLOCKED_BY_PROTECT_CONFIGURATION' },
    MessageRefused,
  ],
  [
    'a country without a sender',
    400,
    { __type: 'ConflictException', Reason: 'NO_ORIGINATION_IDENTITIES_FOUND' },
    MessageRefused,
  ],
  [
    'a number that was not verified in a sandbox',
    400,
    { __type: 'ConflictException', Reason: 'DESTINATION_PHONE_NUMBER_NOT_VERIFIED' },
    MessageRefused,
  ],
  [
    'a number that an operator has blocked',
    400,
    {
      __type: 'ConflictException',
      Reason: 'DESTINATION_PHONE_NUMBER_BLOCKED_BY_PROTECT_NUMBER_OVERRIDE',
    },
    RecipientRefused,
  ],
  ['a fault that is new to us', 400, { __type: 'SomethingNewException' }, MessageRefused],
  [
    'a sender that is none',
    400,
    {
      __type: 'ValidationException',
      Reason: 'FIELD_VALIDATION_FAILED',
      Fields: [{ Name: 'OriginationIdentity', Message: 'invalid' }],
    },
    SenderRefused,
  ],
  [
    'a sender that is switched off',
    400,
    { __type: 'ConflictException', Reason: 'RESOURCE_NOT_ACTIVE' },
    SenderRefused,
  ],
  ['a token that has expired', 403, { __type: 'ExpiredTokenException' }, SenderRefused],
  [
    "the month's spending limit",
    400,
    { __type: 'ServiceQuotaExceededException', Reason: 'MONTHLY_SPEND_LIMIT_REACHED_FOR_TEXT' },
    SenderRefused,
  ],
  ['no right to send', 400, { __type: 'AccessDeniedException' }, SenderRefused],
])('SMS: %s', async (_, status, body, kind) => {
  const { server, send } = await startSms(status, body);
  await expect(send()).rejects.toThrow(kind);
  expect(server.requests).toHaveLength(1);
});

test.each([
  ['throttling', 400, { __type: 'ThrottlingException' }],
  ['a fault of theirs', 500, { __type: 'InternalServerException' }],
])('SMS: %s is tried again by whoever called, not behind their back', async (_, status, body) => {
  const { server, send } = await startSms(status, body);
  const error = await send().catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(Error);
  expect(error).not.toBeInstanceOf(SenderRefused);
  expect(error).not.toBeInstanceOf(RecipientRefused);
  expect(server.requests).toHaveLength(1);
});

test('an e-mail has a subject and a text, and its tag comes back with its receipt', async () => {
  const { server, send } = await startSes(200, { MessageId: 'm-1' });
  expect(await send()).toEqual({ messageId: 'm-1', cost: { amount: 0.0001, currency: 'USD' } });
  const [request] = server.requests;
  expect(request?.url).toBe('/v2/email/outbound-emails');
  expect(JSON.parse(request?.body ?? '')).toEqual({
    FromEmailAddress: 'Kyo <no-reply@kyo.example>',
    Destination: { ToAddresses: ['ann@example.com'] },
    Content: {
      Simple: {
        Subject: { Data: 'Your code', Charset: 'UTF-8' },
        Body: { Text: { Data: message.body, Charset: 'UTF-8' } },
      },
    },
    ConfigurationSetName: 'kyo-receipts',
    EmailTags: [{ Name: 'receipt', Value: 'the-token' }],
  });
});

test('an e-mail that SES refuses for good, and one that it refuses for now', async () => {
  for (const fault of ['MessageRejected', 'BadRequestException']) {
    const refused = await startSes(400, { message: 'not verified' }, fault);
    await expect(refused.send()).rejects.toThrow(MessageRefused);
  }
  for (const fault of ['SendingPausedException', 'AccountSuspendedException', 'NotFoundException']) {
    const stopped = await startSes(400, { message: 'no' }, fault);
    await expect(stopped.send()).rejects.toThrow(SenderRefused);
  }
  const busy = await startSes(429, { message: 'slow down' }, 'TooManyRequestsException');
  const error = await busy.send().catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(Error);
  expect(error).not.toBeInstanceOf(SenderRefused);
  expect(busy.server.requests).toHaveLength(1);
});

test('a provider that says nothing is left when the time is over', async () => {
  const server = await startHttpServer(() => new Promise(() => {}));
  const options = { ...account, endpoint: server.url, origination: 'KYO', maxPriceUsd: '0.20' };
  await expect(awsSms(options).send(message, AbortSignal.timeout(50))).rejects.toThrow();
});
