import { randomBytes } from 'node:crypto';
import type { RedisEndpoint } from '@kyong/embedded-servers';
import { createSigningKey } from '@kyong/identity/adapters/signing-keys';
import type { Connection } from '@kyong/postgres';

export interface ServiceServers {
  redis: RedisEndpoint;
  /** The master database, migrated. */
  master: Connection;
}

type Environment = Record<string, string>;

const common = ({ redis, master }: ServiceServers): Environment => ({
  KYO_AWS_REGION: 'ap-northeast-1',
  KYO_REDIS_URL: `redis://:${redis.password}@${redis.host}:${redis.port}`,
  KYO_REDIS_CONFIRMING_REPLICAS: '0',
  KYO_MASTER_DATABASE_URL: urlOf(master),
  KYO_TOKEN_ISSUER: 'https://kyo.test',
  KYO_TOKEN_AUDIENCE: 'kyo',
});

/** What each service that is run as a process or an image needs in its environment to work on these servers. */
const environments: Record<string, (servers: ServiceServers) => Promise<Environment>> = {
  'collaboration-service': async (servers) => ({
    ...common(servers),
    KYO_JWKS_URL: 'https://kyo.test/.well-known/jwks.json',
  }),
  'kyo-otp-service': async (servers) => ({
    ...common(servers),
    KYO_OTP_SECRET: randomBytes(32).toString('base64url'),
    KYO_SIGNING_KEYS: JSON.stringify([await createSigningKey(new Date())]),
    KYO_SMS_PROVIDERS: 'webhook',
    KYO_EMAIL_PROVIDERS: 'webhook',
    KYO_WEBHOOK_URL: 'https://messages.kyo.test/',
    KYO_WEBHOOK_SECRET: `whsec_${randomBytes(24).toString('base64')}`,
  }),
};

function urlOf({ user, password, host, port, database }: Connection): string {
  return `postgres://${user}:${password}@${host}:${port}/${database}`;
}

/** The services that `serviceEnvironment` knows. */
export const knownServices = Object.keys(environments);

/** @throws {Error} for a service that is not written down here yet. */
export function serviceEnvironment(service: string, servers: ServiceServers): Promise<Environment> {
  const environment = environments[service];
  if (!environment)
    throw new Error(`What ${service} needs is missing in packages/testing/src/service-environment.ts.`);
  return environment(servers);
}
