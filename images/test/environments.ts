import { randomBytes } from 'node:crypto';
import { createSigningKey } from '@kyong/identity/adapters/signing-keys';
import { masterMigrations } from '@kyong/tenancy/adapters/master-database';
import { createTestDatabase } from '@kyong/testing';
import { inject } from 'vitest';

/** What each service needs in its environment, on the servers of this test run. */
export const environmentOf: Record<string, () => Promise<Record<string, string>>> = {
  'kyo-otp-service': async () => {
    const { connection } = await createTestDatabase(masterMigrations);
    const { host, port, password } = inject('redis');
    return {
      KYO_REDIS_URL: `redis://:${password}@${host}:${port}`,
      KYO_MASTER_DATABASE_URL: `postgres://${connection.user}:${connection.password}@${connection.host}:${connection.port}/${connection.database}`,
      KYO_OTP_SECRET: randomBytes(32).toString('base64url'),
      KYO_SIGNING_KEYS: JSON.stringify([await createSigningKey(new Date())]),
      KYO_TOKEN_ISSUER: 'https://kyo.test',
      KYO_TOKEN_AUDIENCE: 'kyo',
      KYO_SMS_PROVIDERS: 'outbox',
      KYO_EMAIL_PROVIDERS: 'outbox',
    };
  },
};
