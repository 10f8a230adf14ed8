import { ConfigError, createLogger, loadConfig } from '@kyong/service-kit';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { providerVariables, requireProviders } from './provider-config.ts';
import { createSenders } from './providers.ts';

const schema = requireProviders(z.object({ ...providerVariables, KYO_OTHER: z.string() }));
const load = (environment: Record<string, string>) => loadConfig(schema, { KYO_OTHER: 'x', ...environment });
const faultsOf = (environment: Record<string, string>) => {
  try {
    load(environment);
  } catch (error) {
    if (error instanceof ConfigError)
      return error.message
        .split('\n')
        .slice(1)
        .map((line) => line.trim());
    throw error;
  }
  return [];
};

const complete = {
  KYO_SMS_PROVIDERS: 'mitake, aws',
  KYO_EMAIL_PROVIDERS: 'ses,webhook',
  KYO_AWS_SMS_ORIGINATION: 'KYO',
  KYO_MITAKE_USERNAME: 'user',
  KYO_MITAKE_PASSWORD: 'password',
  KYO_SES_FROM: 'no-reply@kyo.example',
  KYO_WEBHOOK_URL: 'https://hooks.example/otp',
  KYO_WEBHOOK_SECRET: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
};

test('each channel has its providers, in their order', () => {
  const senders = createSenders(load(complete), {
    logger: createLogger({ service: 'test', level: 'fatal' }),
    now: () => new Date(),
    outbox: { name: 'outbox', send: async () => ({}) },
  });
  expect(senders.sms.map(({ name }) => name)).toEqual(['mitake', 'aws-sms']);
  expect(senders.email.map(({ name }) => name)).toEqual(['ses', 'webhook']);
});

test('what a chosen provider needs is missed, together with all that is wrong besides', () => {
  const { KYO_MITAKE_PASSWORD, KYO_SES_FROM, ...rest } = complete;
  expect(faultsOf({ ...rest, KYO_AWS_SMS_MAX_PRICE_USD: 'cheap', KYO_OTHER: undefined as never })).toEqual([
    'KYO_AWS_SMS_MAX_PRICE_USD: is no price such as 0.20',
    'KYO_OTHER: is not set',
    'KYO_SES_FROM: is not set',
    'KYO_MITAKE_PASSWORD: is not set',
  ]);
});

test('what no chosen provider needs is not missed', () => {
  expect(faultsOf({ KYO_SMS_PROVIDERS: 'outbox', KYO_EMAIL_PROVIDERS: 'outbox' })).toEqual([]);
});

test.each([
  ['one we do not know', 'mitake,pigeon'],
  ['the same twice', 'mitake,mitake'],
  ['three', 'mitake,aws,webhook'],
  ['none', ''],
])('providers of SMS: %s', (_, list) => {
  expect(faultsOf({ ...complete, KYO_SMS_PROVIDERS: list })).toEqual([
    expect.stringMatching(/^KYO_SMS_PROVIDERS/),
  ]);
});
