// kyo-otp-service as it is deployed, delivery included, in a process of its own: its provider is played by the parent.
import type { AddressInfo } from 'node:net';
import { loadSigningKeys, type SigningKey } from '@kyong/identity/adapters/signing-keys';
import { defaultPolicy, OtpKeys } from '@kyong/otp';
import { webhook } from '@kyong/otp/adapters/webhook';
import { type Connection, createPool, TenantPools } from '@kyong/postgres';
import { connectRedis, type RedisConnection } from '@kyong/redis';
import { createLogger } from '@kyong/service-kit';
import { createApp } from 'kyo-otp-service';
import { createDeliveryWorker } from 'kyo-otp-service/delivery';

export interface ServiceConfiguration {
  redis: RedisConnection;
  confirmingReplicas: number;
  masterDatabase: Connection;
  /** Of the one tenant there is, whatever it is called. */
  gymDatabase: Connection;
  otpSecret: string;
  signingKeys: SigningKey[];
  provider: { url: string; secret: string };
}

const configuration = JSON.parse(process.argv[2] ?? '{}') as ServiceConfiguration;
const now = () => new Date();
const tokens = { issuer: 'https://kyo.example', audience: 'kyo' };
const logger = createLogger({ service: 'kyo-otp-service', level: 'warn' });
const onError = (err: Error) => logger.warn({ err }, 'disturbed');
const redis = connectRedis(configuration.redis, onError);
const tenantPools = new TenantPools({
  connectionOf: async () => configuration.gymDatabase,
  maxTenants: 1,
  maxConnectionsPerTenant: 5,
  idleTimeoutSeconds: 30,
  onError,
});
const otpKeys = new OtpKeys(Buffer.from(configuration.otpSecret, 'base64url'));
const sender = webhook({ ...configuration.provider, now });
const app = createApp({
  logger,
  now,
  redis,
  confirmingReplicas: configuration.confirmingReplicas,
  pool: createPool(configuration.masterDatabase, { maxConnections: 10, idleTimeoutSeconds: 30 }, onError),
  tenantPools,
  otpKeys,
  // A person whose request failed asks again at once.
  otpPolicy: {
    ...defaultPolicy,
    sends: [{ count: 100, windowSeconds: 3_600 }],
    resend: { waitSeconds: [1], windowSeconds: 3_600 },
  },
  signingKeys: await loadSigningKeys(configuration.signingKeys, { ...tokens, now }),
  tokens,
  // Nobody logs out.
  endedAccess: { hasEnded: () => false },
  limitLoopback: false,
});
const senders = { sms: [sender], email: [sender] };
createDeliveryWorker({
  ...{ logger, now, redis, tenantPools, otpKeys, senders },
  // The provider answers at once, so that a short run need not wait as long as a real one.
  abandonedAfterMilliseconds: 3_000,
  logRetryMilliseconds: 3_000,
}).start();
process.on('disconnect', () => process.exit());
await app.listen({ host: '127.0.0.1', port: 0 });
process.send?.((app.server.address() as AddressInfo).port);
