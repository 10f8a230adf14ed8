import { ConfigError, createLogger, loadConfig } from '@kyong/service-kit';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { providerVariables, requireProviders, unfilledSecrets } from './provider-config.ts';
import { createSenders } from './providers.ts';

const schema = requireProviders(z.object({ ...providerVariables, KYO_OTHER: z.string() }));
const load = (environment: Record<string, string>) =>
  loadConfig(schema, { KYO_OTHER: 'x', KYO_AWS_REGION: 'ap-northeast-1', ...environment });
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
  KYO_MITAKE_ACCOUNT: '{"username": "user", "password": "password"}',
  KYO_SES_FROM: 'no-reply@kyo.example',
  KYO_WEBHOOK_URL: 'https://hooks.example/otp',
  KYO_WEBHOOK_SECRET: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
};

const sendersOf = (environment: Record<string, string>) => {
  const { sms, email } = createSenders(load(environment), {
    logger: createLogger({ service: 'test', level: 'fatal' }),
    now: () => new Date(),
  });
  return { sms: sms.map(({ name }) => name), email: email.map(({ name }) => name) };
};

test('each channel has its providers, in their order', () => {
  expect(sendersOf(complete)).toEqual({ sms: ['mitake', 'aws-sms'], email: ['ses', 'webhook'] });
});

test('a provider whose account is still to be filled in is left out, and named', () => {
  const unfilled = { ...complete, KYO_MITAKE_ACCOUNT: '{}', KYO_TURNSTILE_SECRET: '{}' };
  expect(sendersOf(unfilled).sms).toEqual(['aws-sms']);
  expect(unfilledSecrets(load(unfilled))).toEqual(['KYO_MITAKE_ACCOUNT', 'KYO_TURNSTILE_SECRET']);
  expect(unfilledSecrets(load({ ...complete, KYO_TURNSTILE_SECRET: '0xKEY' }))).toEqual([]);
  expect(faultsOf({ ...unfilled, KYO_SMS_PROVIDERS: 'mitake' })).toEqual([
    'KYO_MITAKE_ACCOUNT: is still to be filled in (npm run fill-secret), and nothing else sends SMS',
  ]);
});

test('an account in another form is refused, and its text not repeated', () => {
  for (const KYO_MITAKE_ACCOUNT of ['{"username": "user"}', '["user", "password"]', 'user:password'])
    expect(faultsOf({ ...complete, KYO_MITAKE_ACCOUNT })).toEqual([
      'KYO_MITAKE_ACCOUNT: is not {"username": "…", "password": "…"}',
    ]);
});

test('nothing is sent by the outbox, which shows codes', () => {
  expect(faultsOf({ ...complete, KYO_SMS_PROVIDERS: 'aws,outbox', KYO_EMAIL_PROVIDERS: 'outbox' })).toEqual([
    expect.stringMatching(/^KYO_SMS_PROVIDERS\.1: outbox .* is for the laptop/),
    expect.stringMatching(/^KYO_EMAIL_PROVIDERS\.0: outbox .* is for the laptop/),
  ]);
});

test('what a chosen provider needs is missed, together with all that is wrong besides', () => {
  const { KYO_MITAKE_ACCOUNT, KYO_SES_FROM, ...rest } = complete;
  expect(faultsOf({ ...rest, KYO_AWS_SMS_MAX_PRICE_USD: 'cheap', KYO_OTHER: undefined as never })).toEqual([
    'KYO_AWS_SMS_MAX_PRICE_USD: is no price such as 0.20',
    'KYO_OTHER: is not set',
    'KYO_SES_FROM: is not set',
    'KYO_MITAKE_ACCOUNT: is not set',
  ]);
});

test('what no chosen provider needs is not missed', () => {
  const { KYO_AWS_SMS_ORIGINATION, KYO_SES_FROM } = complete;
  const amazon = {
    KYO_SMS_PROVIDERS: 'aws',
    KYO_EMAIL_PROVIDERS: 'ses',
    KYO_AWS_SMS_ORIGINATION,
    KYO_SES_FROM,
  };
  expect(faultsOf(amazon)).toEqual([]);
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
