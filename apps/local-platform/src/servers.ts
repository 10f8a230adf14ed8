import { existsSync } from 'node:fs';
import {
  defaultArchiveLimits,
  type PostgresEndpoint,
  PostgresServer,
  RedisServer,
  superuser,
} from '@kyong/embedded-servers';
import { type Connection, withConnection } from '@kyong/postgres';
import { type RedisConnection, redisConnectionOf } from '@kyong/redis';
import { type LocalServerCopies, localServerCopies } from '@kyong/tenancy/adapters/local-server-copies';
import type { SharedServer } from '@kyong/tenancy/adapters/shared-postgres';
import type { DataDirectory } from './data-directory.ts';
import type { PlatformOptions } from './options.ts';
import type { Progress } from './progress.ts';

export const masterDatabaseName = 'kyo_system_master';

/** 43 for the programs' pools (`poolSizes`), two that listen, the rest for the operator. */
const masterSettings = { maxConnections: 60, sharedBuffersMegabytes: 32 };
/** Of a server for many shared tenants. */
const maxSharedDatabases = 2_000;
const sharedSettings = { maxConnections: 300, sharedBuffersMegabytes: 64, archive: defaultArchiveLimits };

/** The data stores of the platform: ours, or the user's own where the environment names them. */
export interface Servers {
  master: Connection | { connectionString: string };
  /** Servers for shared tenants, by the names that tenants know them by; the first is there from the first day. */
  shared: readonly [SharedServer, ...SharedServer[]];
  redis: RedisConnection;
  /** Starts again what has died. Resolves to the names of what had. */
  revive(): Promise<string[]>;
  /** Takes the base backups of shared servers that are due. */
  backUp(now: Date): Promise<void>;
  stop(): Promise<void>;
}

export async function startServers(
  directory: DataDirectory,
  options: PlatformOptions,
  progress: Progress,
): Promise<Servers> {
  const masterServer = options.masterDatabaseUrl
    ? undefined
    : new PostgresServer(directory.master, masterSettings);
  const firstShared = sharedOn(directory.shared, 1);
  const otherShared = numbersOfOthers(directory, options).map((number) =>
    sharedOn(`${directory.shared}-${number}`, number),
  );
  const allShared = [firstShared, ...otherShared];
  const redisServer = options.redisUrl ? undefined : new RedisServer(directory.redis, { fsync: 'always' });
  const ours = {
    'master database': masterServer,
    'shared tenant database': firstShared.server,
    ...Object.fromEntries(
      otherShared.map(({ number, server }) => [`shared tenant database ${number}`, server]),
    ),
    redis: redisServer,
  };

  const prepared = new PostgresServer(directory.prepared, sharedSettings);
  let initialised: Promise<void> | undefined;
  const start = async (server: PostgresServer | RedisServer) => {
    if (server instanceof RedisServer) return server.start((line) => progress.line(line));
    if (!server.exists) {
      // A copy is made in a fraction of the time, and of a server that does not run: a platform that was killed may have left it so.
      initialised ??= prepared.initialise().then(() => prepared.stop());
      await initialised;
      await server.cloneFrom(prepared);
    }
    return server.start();
  };
  const started = Object.entries(ours).map(
    ([name, server]) => server && progress.step(`Starting ${name}`, start(server)),
  );
  const stop = async () => {
    await Promise.all(allShared.map(({ copies }) => copies.stopAll()));
    await Promise.all(Object.values(ours).map((server) => server?.stop()));
  };
  await settleAll(started).catch(async (error: unknown) => {
    await stop();
    throw error;
  });

  return {
    master: masterServer
      ? await createDatabase({ ...masterServer.endpoint, database: 'postgres' }, masterDatabaseName)
      : { connectionString: options.masterDatabaseUrl ?? '' },
    shared: [asHost(firstShared), ...otherShared.map(asHost)],
    redis: redisOf(redisServer, options),

    async revive() {
      const dead = Object.entries(ours).filter(([, server]) => server && !server.isRunning);
      for (const [, server] of dead) if (server) await start(server);
      return dead.map(([name]) => name);
    },

    async backUp(now) {
      for (const { server } of allShared) await server.backUpIfDue(now);
    },

    stop,
  };
}

/** Of the shared servers beside the first: those asked for, and those that are there already, with tenants on them. */
function numbersOfOthers(directory: DataDirectory, { sharedServers }: PlatformOptions): number[] {
  const numbers: number[] = [];
  for (let number = 2; number <= sharedServers || existsSync(`${directory.shared}-${number}`); number += 1) {
    numbers.push(number);
  }
  return numbers;
}

interface OwnSharedServer {
  number: number;
  server: PostgresServer;
  /** The server as it was, while a tenant's past is taken from it. */
  copies: LocalServerCopies;
}

function sharedOn(folder: string, number: number): OwnSharedServer {
  const server = new PostgresServer(folder, sharedSettings);
  return { number, server, copies: localServerCopies(server, `${folder}-copies`, sharedSettings) };
}

function asHost({ number, server, copies }: OwnSharedServer): SharedServer {
  return {
    instanceId: `shared-${number}`,
    // Asked for each time: a server that was started again may have another port.
    admin: async () => ({ ...server.endpoint, database: 'postgres' }),
    maxDatabases: maxSharedDatabases,
    copies,
  };
}

/** Waits for all, then fails with the first fault: nothing is left half-started behind our back. */
async function settleAll(tasks: (Promise<unknown> | undefined)[]): Promise<void> {
  const results = await Promise.allSettled(tasks);
  const failed = results.find((result) => result.status === 'rejected');
  if (failed) throw failed.reason;
}

async function createDatabase(
  server: PostgresEndpoint & { database: string },
  name: string,
): Promise<Connection> {
  await withConnection(server, async (client) => {
    const { rowCount } = await client.query('SELECT FROM pg_database WHERE datname = $1', [name]);
    if (!rowCount) await client.query(`CREATE DATABASE ${name} OWNER ${superuser}`);
  });
  return { ...server, database: name };
}

function redisOf(server: RedisServer | undefined, options: PlatformOptions): RedisConnection {
  if (!server) return redisConnectionOf(options.redisUrl ?? '');
  const { host, port, password } = server.endpoint;
  return { nodes: [{ host, port }], password };
}
