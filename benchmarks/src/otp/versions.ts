import { createPool } from '@kyong/postgres';
import type { Redis } from 'ioredis';
import { versionOf } from '../package-version.ts';

export async function readVersions(redis: Redis, postgresUrl: string): Promise<Record<string, string>> {
  const pool = createPool(
    { connectionString: postgresUrl },
    { maxConnections: 1, idleTimeoutSeconds: 1 },
    () => {},
  );
  const { rows } = await pool.query<{ server_version: string }>('SHOW server_version');
  await pool.end();
  return {
    'better-auth': versionOf('better-auth'),
    Fastify: versionOf('fastify'),
    ioredis: versionOf('ioredis'),
    Redis: /redis_version:(\S+)/.exec(await redis.info('server'))?.[1] ?? 'unknown',
    PostgreSQL: rows[0]?.server_version ?? 'unknown',
  };
}
