// kyo-otp-service as it is deployed, but for the delivery worker, which sends nothing here.
import type { AddressInfo } from 'node:net';
import { loadSigningKeys, type SigningKey } from '@kyong/identity/adapters/signing-keys';
import { OtpKeys } from '@kyong/otp';
import { createPool, TenantPools } from '@kyong/postgres';
import { connectRedis, type RedisConnection } from '@kyong/redis';
import { createLogger } from '@kyong/service-kit';
import { EndedAccess } from '@kyong/tenancy';
import { createApp } from 'kyo-otp-service';
import { readConfiguration, report } from '../server-under-test.ts';

const { redis, databaseUrl, otpSecret, signingKeys } = readConfiguration<{
  redis: RedisConnection;
  databaseUrl: string;
  otpSecret: string;
  signingKeys: SigningKey[];
}>();
const now = () => new Date();
const tokens = { issuer: 'https://kyo.example', audience: 'kyo' };
const logger = createLogger({ service: 'kyo-otp-service' });
const onError = (err: Error) => logger.warn({ err }, 'disturbed');
const endedAccess = new EndedAccess(now);
endedAccess.known();
const app = createApp({
  logger,
  now,
  redis: connectRedis(redis, onError),
  confirmingReplicas: 0,
  pool: createPool(
    { connectionString: databaseUrl },
    { maxConnections: 10, idleTimeoutSeconds: 30 },
    onError,
  ),
  // Nobody names a tenant, so nobody's database is opened.
  tenantPools: new TenantPools({
    connectionOf: () => Promise.reject(new Error('There are no tenants here.')),
    maxTenants: 1,
    maxConnectionsPerTenant: 1,
    idleTimeoutSeconds: 30,
    onError,
  }),
  otpKeys: new OtpKeys(Buffer.from(otpSecret, 'base64url')),
  signingKeys: await loadSigningKeys(signingKeys, { ...tokens, now }),
  tokens,
  // As where nobody has logged out: a look into an empty map.
  endedAccess,
  // Every limit is on. All the load is one tenant's, so that what a tenant may send is more than one ever does.
  platformPolicy: { tenantSends: { count: 1_000_000_000, windowSeconds: 60 } },
  limitLoopback: true,
  trustedProxies: 1,
});
await app.listen({ host: '127.0.0.1', port: 0 });
report((app.server.address() as AddressInfo).port);
