// collaboration-service as it is deployed, in a process of its own; who the tenants are is told by the parent.
import type { AddressInfo } from 'node:net';
import { type Connection, TenantPools } from '@kyong/postgres';
import { confirmWrites, connectRedis, type RedisConnection } from '@kyong/redis';
import { accessTokenVerifier, createLogger } from '@kyong/service-kit';
import { type TenantEntry, TenantUnavailable } from '@kyong/tenancy';
import { createApp, type SocketLimits } from 'collaboration-service';
import { createLocalJWKSet, type JWK } from 'jose';

export interface ServerConfiguration {
  redis: RedisConnection;
  replicas: number;
  tenants: Record<string, Connection>;
  tokens: { issuer: string; audience: string };
  publicKeys: { keys: JWK[] };
  drainSeconds: number;
  limits?: Partial<SocketLimits>;
}

const configuration = JSON.parse(process.argv[2] ?? '{}') as ServerConfiguration;
const { redis: connection, replicas, tenants, tokens, publicKeys, drainSeconds, limits } = configuration;
const onError = () => {};
const connectionOf = async (tenantId: string) => {
  const found = tenants[tenantId];
  if (!found) throw new TenantUnavailable(tenantId, 'unknown');
  return found;
};
const { app, drain } = createApp({
  logger: createLogger({ service: 'collaboration-service', level: 'error' }),
  now: () => new Date(),
  random: Math.random,
  redis: connectRedis(connection, onError),
  confirmed: confirmWrites(connectRedis(connection, onError), replicas),
  tenantPools: new TenantPools({
    maxTenants: 100,
    maxConnectionsPerTenant: 5,
    idleTimeoutSeconds: 60,
    connectionOf,
    onError,
  }),
  tenants: {
    find: async (tenantId) =>
      ({ tenant: { plan: 'premium' }, connection: await connectionOf(tenantId) }) as unknown as TenantEntry,
  },
  // Nobody is taken out of a gym.
  endedAccess: { hasEnded: () => false, onEnd: () => {} },
  verifyAccessToken: accessTokenVerifier({ ...tokens, keys: createLocalJWKSet(publicKeys) }),
  ...(limits && { socketLimits: limits }),
});
await app.listen({ host: '127.0.0.1', port: 0 });
process.on('SIGTERM', async () => {
  await drain(drainSeconds);
  await app.close();
  process.exit(0);
});
process.on('disconnect', () => process.exit());
process.on('message', () => process.send?.({ rss: process.memoryUsage().rss }));
process.send?.({ port: (app.server.address() as AddressInfo).port });
