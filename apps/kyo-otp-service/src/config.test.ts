import { createSigningKey } from '@kyong/identity/adapters/signing-keys';
import { loadConfig } from '@kyong/service-kit';
import { expect, test } from 'vitest';
import { configSchema } from './config.ts';

const complete = {
  KYO_AWS_REGION: 'ap-northeast-1',
  KYO_REDIS_URL: 'rediss://kyo:p%40ss@cache.example:6380',
  KYO_MASTER_DATABASE_URL: 'postgres://kyo:pw@db.example/master',
  KYO_OTP_SECRET: Buffer.alloc(32, 1).toString('base64url'),
  KYO_SIGNING_KEYS: JSON.stringify([await createSigningKey(new Date())]),
  KYO_TOKEN_ISSUER: 'https://kyo.example',
  KYO_TOKEN_AUDIENCE: 'kyo',
  KYO_SMS_PROVIDERS: 'aws',
  KYO_AWS_SMS_ORIGINATION: 'KYO',
  KYO_EMAIL_PROVIDERS: 'ses',
  KYO_SES_FROM: 'codes@kyo.example',
};

test('a complete environment becomes typed values', () => {
  expect(loadConfig(configSchema, complete)).toMatchObject({
    KYO_PORT: 3000,
    KYO_OTP_SECRET: Buffer.alloc(32, 1),
  });
});

test('every fault is named at once, and no value repeated', () => {
  const secret = 'too-short-a-secret';
  const load = () =>
    loadConfig(configSchema, {
      ...complete,
      KYO_OTP_SECRET: secret,
      KYO_SIGNING_KEYS: '{"kid":',
      KYO_TOKEN_ISSUER: undefined,
    });
  expect(load).toThrow(
    /KYO_TOKEN_ISSUER: is not set.*KYO_OTP_SECRET: is not 32 bytes.*KYO_SIGNING_KEYS: is not JSON/s,
  );
  expect(load).not.toThrow(secret);
});

test('test numbers are for everywhere but production, which a stage is unless it says otherwise', () => {
  const testNumbers = { ...complete, KYO_OTP_TEST_NUMBERS: '{"+886900000001":"123456"}' };
  expect(loadConfig(configSchema, { ...testNumbers, KYO_STAGE: 'dev' }).KYO_OTP_TEST_NUMBERS).toEqual({
    '+886900000001': '123456',
  });
  for (const KYO_STAGE of ['prod', undefined])
    expect(() => loadConfig(configSchema, { ...testNumbers, KYO_STAGE })).toThrow(
      'KYO_OTP_TEST_NUMBERS: is not for production',
    );
  const odd = { ...complete, KYO_STAGE: 'dev', KYO_OTP_TEST_NUMBERS: '{"+886900000001":"12 34"}' };
  expect(() => loadConfig(configSchema, odd)).toThrow(/KYO_OTP_TEST_NUMBERS.*must be a code/);
});

test('earlier secrets are a list', () => {
  const secrets = [2, 3].map((byte) => Buffer.alloc(32, byte));
  const text = secrets.map((secret) => secret.toString('base64url')).join(',');
  const load = (value: string | undefined) =>
    loadConfig(configSchema, { ...complete, KYO_OTP_PREVIOUS_SECRETS: value }).KYO_OTP_PREVIOUS_SECRETS;
  expect(load(text)).toEqual(secrets);
  expect([load(undefined), load('')]).toEqual([[], []]);
  expect(() => load('short')).toThrow('KYO_OTP_PREVIOUS_SECRETS: is not a list of 32 bytes in base64url');
});
