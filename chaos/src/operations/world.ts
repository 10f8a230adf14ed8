import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { PostgresServer } from '@kyong/embedded-servers';
import { createPool, migrate, withConnection } from '@kyong/postgres';
import type { Ports, TenancyPolicy } from '@kyong/tenancy';
import { localArchives } from '@kyong/tenancy/adapters/local-archives';
import { localPostgres, tenantServerSettings } from '@kyong/tenancy/adapters/local-postgres';
import { localSecrets } from '@kyong/tenancy/adapters/local-secrets';
import { logicalReplication } from '@kyong/tenancy/adapters/logical-replication';
import { createMasterDatabase, masterMigrations } from '@kyong/tenancy/adapters/master-database';
import { sharedPostgres } from '@kyong/tenancy/adapters/shared-postgres';
import { tenantDatabase } from '@kyong/tenancy/adapters/tenant-schema';
import type { Stage } from '../fault.ts';

export const policy: TenancyPolicy = {
  regions: ['ap-northeast-1'],
  selfServicePlans: ['free', 'basic', 'premium', 'enterprise'],
  maxTenantsPerOwner: null,
  dedicatedOnly: false,
};
const masterDatabase = 'kyo_system_master';
const settings = { maxConnections: 100, sharedBuffersMegabytes: 32, fsync: false };

/** The control plane on real servers of its own: a master database, two shared servers, a folder for dedicated ones. */
export async function withControlPlane<T>(
  { directory }: Stage,
  task: (ports: Ports) => Promise<T>,
): Promise<T> {
  // Entered, not listed, by the account PostgreSQL runs under when we are root.
  chmodSync(directory, 0o711);
  await using started = new AsyncDisposableStack();
  const start = async (name: string) => {
    const server = new PostgresServer(join(directory, name), settings);
    await server.initialise();
    started.defer(() => server.stop());
    await server.start();
    return { ...server.endpoint, database: 'postgres' };
  };
  const [first, second] = [await start('shared-1'), await start('shared-2')];
  await withConnection(first, (client) => client.query(`CREATE DATABASE ${masterDatabase}`));
  const master = { ...first, database: masterDatabase };
  await withConnection(master, (client) => migrate(client, masterMigrations));
  const pool = createPool(master, { maxConnections: 10, idleTimeoutSeconds: 60 }, () => {});
  started.defer(() => pool.end());
  const dedicated = localPostgres({
    directory: join(directory, 'dedicated'),
    maxServers: 20,
    settings: { ...tenantServerSettings, fsync: false },
  });
  started.defer(() => dedicated.stopAll());
  const shared = (number: number, connection: typeof first) => ({
    instanceId: `shared-${number}`,
    admin: async () => connection,
    maxDatabases: 1_000,
  });
  const now = () => new Date();
  return await task({
    store: createMasterDatabase(pool),
    hosts: { dedicated, shared: sharedPostgres([shared(1, first), shared(2, second)]) },
    database: tenantDatabase,
    copies: logicalReplication,
    secrets: localSecrets(join(directory, 'secrets')),
    archives: localArchives({
      directory: join(directory, 'exports'),
      key: async () => 'nobody follows these links',
      url: 'http://localhost/',
      now,
    }),
    lifecycle: {
      secretGraceSeconds: 0,
      secretMaxAgeDays: null,
      offboardGraceSeconds: 0,
      keepPreviousSeconds: 0,
    },
    now,
    random: Math.random,
  });
}
