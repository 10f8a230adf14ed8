// collaboration-service as it is deployed: tokens, tenants, permissions, validation, durable edits. Only the limits of one
// person's pace are raised, because a handful of load clients plays a crowd.
import type { AddressInfo } from 'node:net';
import { TenantPools } from '@kyong/postgres';
import { confirmWrites, connectRedis, type RedisConnection } from '@kyong/redis';
import { accessTokenVerifier, createLogger } from '@kyong/service-kit';
import { verifyByLibsodium } from '@kyong/service-kit/libsodium';
import type { TenantEntry } from '@kyong/tenancy';
import { createApp } from 'collaboration-service';
import { createLocalJWKSet, type JWK } from 'jose';
import { readConfiguration, report } from '../server-under-test.ts';

const { redis, tenantDatabaseUrl, tokens, publicKeys } = readConfiguration<{
  redis: RedisConnection;
  tenantDatabaseUrl: string;
  tokens: { issuer: string; audience: string };
  publicKeys: { keys: JWK[] };
}>();
const logger = createLogger({ service: 'collaboration-service' });
const onError = (err: Error) => logger.warn({ err }, 'disturbed');
const { hostname: host, port, username: user, password, pathname } = new URL(tenantDatabaseUrl);
const connection = {
  ...{ host, port: Number(port), user, database: pathname.slice(1) },
  password: decodeURIComponent(password),
};
const client = connectRedis(redis, onError);
const unlimited = { burst: 1e9, perSecond: 1e9 };
const { app } = createApp({
  logger,
  now: () => new Date(),
  random: Math.random,
  redis: client,
  confirmed: confirmWrites(client, 0),
  tenantPools: new TenantPools({
    ...{ maxTenants: 1, maxConnectionsPerTenant: 10, idleTimeoutSeconds: 60, onError },
    connectionOf: async () => connection,
  }),
  tenants: { find: async () => ({ tenant: { plan: 'premium' }, connection }) as unknown as TenantEntry },
  // As where nobody has been taken out of a gym.
  endedAccess: { hasEnded: () => false, onEnd: () => {} },
  verifyAccessToken: accessTokenVerifier({
    ...tokens,
    keys: createLocalJWKSet(publicKeys),
    verifySignature: verifyByLibsodium,
  }),
  socketLimits: {
    ...{ events: unlimited, joins: unlimited, writtenBytes: unlimited },
    bytes: { socket: unlimited, person: unlimited, gym: unlimited },
    sockets: { ofPerson: unlimited.burst, ofGym: unlimited.burst },
  },
});
await app.listen({ host: '127.0.0.1', port: 0 });
report((app.server.address() as AddressInfo).port);
