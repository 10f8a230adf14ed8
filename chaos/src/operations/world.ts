import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { defaultArchiveLimits, PostgresServer } from '@kyong/embedded-servers';
import { createPool, migrate, withConnection } from '@kyong/postgres';
import type { Ports, TenancyPolicy } from '@kyong/tenancy';
import { localArchives } from '@kyong/tenancy/adapters/local-archives';
import { localPostgres, tenantServerSettings } from '@kyong/tenancy/adapters/local-postgres';
import { localSecrets } from '@kyong/tenancy/adapters/local-secrets';
import { localServerCopies } from '@kyong/tenancy/adapters/local-server-copies';
import { logicalReplication } from '@kyong/tenancy/adapters/logical-replication';
import { createMasterDatabase, masterMigrations } from '@kyong/tenancy/adapters/master-database';
import { sharedPostgres } from '@kyong/tenancy/adapters/shared-postgres';
import { tenantDatabase } from '@kyong/tenancy/adapters/tenant-schema';
import type { Stage } from '../fault.ts';

export const policy: TenancyPolicy = {
  regions: ['ap-northeast-1'],
  selfServicePlans: ['free', 'basic', 'premium', 'enterprise'],
  maxTenantsPerOwner: null,
  maxSelfServiceServersPerDay: null,
  dedicatedOnly: false,
};
const masterDatabase = 'kyo_system_master';
const settings = {
  maxConnections: 100,
  sharedBuffersMegabytes: 32,
  fsync: false,
  archive: defaultArchiveLimits,
};

export interface World {
  ports: Ports;
  /** What there is now can be restored from now on. */
  backUp: () => Promise<void>;
}

/** The control plane on real servers of its own: a master database, two shared servers, a folder for dedicated ones. */
export async function withControlPlane<T>(
  { directory }: Stage,
  task: (world: World) => Promise<T>,
): Promise<T> {
  // Entered, not listed, by the account PostgreSQL runs under when we are root.
  chmodSync(directory, 0o711);
  await using started = new AsyncDisposableStack();
  const start = async (name: string) => {
    const server = new PostgresServer(join(directory, name), settings);
    await server.initialise();
    started.defer(() => server.stop());
    await server.start();
    const copies = localServerCopies(server, join(directory, `${name}-copies`), settings);
    started.defer(() => copies.stopAll());
    return { instanceId: name, server, copies, admin: { ...server.endpoint, database: 'postgres' } };
  };
  const [first, second] = [await start('shared-1'), await start('shared-2')];
  const { admin } = first;
  await withConnection(admin, (client) => client.query(`CREATE DATABASE ${masterDatabase}`));
  const master = { ...admin, database: masterDatabase };
  await withConnection(master, (client) => migrate(client, masterMigrations));
  const pool = createPool(master, { maxConnections: 10, idleTimeoutSeconds: 60 }, () => {});
  started.defer(() => pool.end());
  const dedicated = localPostgres({
    directory: join(directory, 'dedicated'),
    prepared: join(directory, 'dedicated', 'prepared'),
    maxServers: 20,
    settings: { ...tenantServerSettings, fsync: false },
  });
  started.defer(() => dedicated.stopAll());
  const shared = ({ instanceId, copies, admin }: typeof first) => ({
    instanceId,
    admin: async () => admin,
    maxDatabases: 1_000,
    copies,
  });
  const now = () => new Date();
  const ports: Ports = {
    store: createMasterDatabase(pool),
    hosts: { dedicated, shared: sharedPostgres([shared(first), shared(second)]) },
    database: tenantDatabase,
    copies: logicalReplication,
    secrets: localSecrets(join(directory, 'secrets')),
    archives: localArchives({
      directory: join(directory, 'exports'),
      key: async () => 'nobody follows these links',
      url: 'http://localhost/',
      now,
    }),
    longestStepSeconds: null,
    lifecycle: {
      secretGraceSeconds: 0,
      secretMaxAgeDays: null,
      offboardGraceSeconds: 0,
      keepPreviousSeconds: 0,
      finalSnapshotDays: null,
    },
    now,
    random: Math.random,
  };
  const backUp = async () => {
    await Promise.all([first.server.backUp(), second.server.backUp(), dedicated.backUp(now())]);
  };
  return await task({ ports, backUp });
}
