import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type PostgresEndpoint,
  PostgresServer,
  type RedisEndpoint,
  RedisServer,
} from '@kyong/embedded-servers';
import { accessString, type UserName, users } from '@kyong/redis/users';
import { Redis } from 'ioredis';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  interface ProvidedContext {
    postgres: PostgresEndpoint;
    redis: RedisEndpoint;
  }
}

/** One real PostgreSQL and one real Redis for all integration tests of a run; gone afterwards. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const directory = mkdtempSync(join(tmpdir(), 'kyo-test-'));
  // Entered, not listed, by the account PostgreSQL runs under when we are root.
  chmodSync(directory, 0o711);
  const postgres = new PostgresServer(join(directory, 'postgres'), {
    maxConnections: 300,
    sharedBuffersMegabytes: 128,
    fsync: false,
  });
  const redis = new RedisServer(join(directory, 'redis'), { fsync: 'no' });
  const stop = async () => {
    await Promise.all([postgres.stop(), redis.stop()]);
    rmSync(directory, { recursive: true, force: true });
  };
  try {
    await postgres.initialise();
    const progress = (line: string) => process.stderr.write(`• ${line}\n`);
    const [postgresEndpoint, redisEndpoint] = await Promise.all([postgres.start(), redis.start(progress)]);
    await makeUsers(redisEndpoint);
    project.provide('postgres', postgresEndpoint);
    project.provide('redis', redisEndpoint);
  } catch (error) {
    await stop();
    throw error;
  }
  return stop;
}

/** The services' users, as they are on AWS, with the password of all. */
async function makeUsers({ host, port, password }: RedisEndpoint): Promise<void> {
  const client = new Redis({ host, port, password });
  for (const name of Object.keys(users) as UserName[])
    await client.call('ACL', 'SETUSER', name, 'reset', `>${password}`, ...accessString(name).split(' '));
  client.disconnect();
}
