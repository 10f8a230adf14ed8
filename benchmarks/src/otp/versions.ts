import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createPool } from '@kyong/postgres';
import type { Redis } from 'ioredis';

const packages = join(import.meta.dirname, '..', '..', 'node_modules');

/** From the file itself: not every package lets it be imported. */
function versionOf(name: string): string {
  const manifest = JSON.parse(readFileSync(join(packages, name, 'package.json'), 'utf8')) as {
    version: string;
  };
  return manifest.version;
}

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
