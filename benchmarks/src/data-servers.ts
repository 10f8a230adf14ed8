import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PostgresServer, type RedisEndpoint, RedisServer } from '@kyong/embedded-servers';
import { migrate, withConnection } from '@kyong/postgres';

export interface DataServers {
  redis: RedisEndpoint;
  postgres: { url: string };
  logFile: string;
  /** @returns the URL of a new database. */
  createDatabase: (name: string, options?: { migrations: string }) => Promise<string>;
  stop: () => Promise<void>;
}

/** A Redis and a PostgreSQL of this run's own, with the durability they have in production. */
export async function startDataServers(): Promise<DataServers> {
  const directory = mkdtempSync(join(tmpdir(), 'kyo-benchmark-'));
  // Entered, not listed, by the account PostgreSQL runs under when we are root.
  chmodSync(directory, 0o711);
  const redis = new RedisServer(join(directory, 'redis'), { fsync: 'always' });
  const postgres = new PostgresServer(join(directory, 'postgres'), {
    maxConnections: 60,
    sharedBuffersMegabytes: 128,
  });
  const stop = async () => {
    await Promise.all([redis.stop(), postgres.stop()]);
    rmSync(directory, { recursive: true, force: true });
  };
  try {
    await postgres.initialise();
    const [redisEndpoint, endpoint] = await Promise.all([redis.start(() => {}), postgres.start()]);
    const { user, password, host, port } = endpoint;
    const urlOf = (database: string) =>
      `postgres://${user}:${encodeURIComponent(password)}@${host}:${port}/${database}`;
    return {
      redis: redisEndpoint,
      postgres: { url: urlOf('postgres') },
      logFile: join(directory, 'servers.log'),
      createDatabase: async (name, options) => {
        await withConnection({ ...endpoint, database: 'postgres' }, (client) =>
          client.query(`CREATE DATABASE ${name}`),
        );
        if (options)
          await withConnection({ ...endpoint, database: name }, (client) =>
            migrate(client, options.migrations),
          );
        return urlOf(name);
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}
