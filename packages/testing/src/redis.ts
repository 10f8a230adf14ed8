import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RedisCluster, RedisServer } from '@kyong/embedded-servers';
import type { UserName } from '@kyong/redis/users';
import { Cluster } from 'ioredis';
import { inject, onTestFinished } from 'vitest';

/**
 * A client of the test run's Redis (cluster mode, shared by all tests: use keys of your own), closed when the test ends. As a
 * service's user it may do what the service may.
 */
export function createTestRedis(user?: UserName): Cluster {
  const { host, port, password } = inject('redis');
  const client = new Cluster([{ host, port }], {
    redisOptions: { password, ...(user !== undefined && { username: user }) },
  });
  onTestFinished(() => client.disconnect());
  return client;
}

/** A Redis for one test alone, which may stop it and start it again; gone when the test ends. */
export async function startTestRedis(): Promise<RedisServer> {
  const directory = mkdtempSync(join(tmpdir(), 'kyo-test-redis-'));
  const server = new RedisServer(directory, { fsync: 'always' });
  onTestFinished(async () => {
    await server.stop();
    rmSync(directory, { recursive: true, force: true });
  });
  await server.start(() => {});
  return server;
}

/** Three primaries with a replica each, for one test alone: they replace each other within two seconds. */
export async function startTestRedisCluster(): Promise<RedisCluster> {
  const directory = mkdtempSync(join(tmpdir(), 'kyo-test-redis-cluster-'));
  const cluster = new RedisCluster(directory, {
    fsync: 'always',
    primaries: 3,
    replicasPerPrimary: 1,
    nodeTimeoutMilliseconds: 1_000,
  });
  onTestFinished(async () => {
    await cluster.stop();
    rmSync(directory, { recursive: true, force: true });
  });
  await cluster.start(() => {});
  return cluster;
}
