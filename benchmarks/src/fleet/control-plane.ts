import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type PostgresEndpoint, PostgresServer } from '@kyong/embedded-servers';
import { createPool, migrate, type Pool, withConnection } from '@kyong/postgres';
import {
  advance,
  type Caller,
  defaultRetry,
  type Ports,
  requestProvision,
  type TenancyPolicy,
} from '@kyong/tenancy';
import { localArchives } from '@kyong/tenancy/adapters/local-archives';
import { localPostgres, tenantServerSettings } from '@kyong/tenancy/adapters/local-postgres';
import { localSecrets } from '@kyong/tenancy/adapters/local-secrets';
import { logicalReplication } from '@kyong/tenancy/adapters/logical-replication';
import { createMasterDatabase, masterMigrations } from '@kyong/tenancy/adapters/master-database';
import { sharedPostgres } from '@kyong/tenancy/adapters/shared-postgres';
import { tenantDatabase } from '@kyong/tenancy/adapters/tenant-schema';
import { inParallel } from './in-parallel.ts';

export const operator: Caller = { id: 'operator', isOperator: true, sourceIp: null };
const policy: TenancyPolicy = {
  regions: ['ap-northeast-1'],
  selfServicePlans: ['free', 'basic'],
  maxTenantsPerOwner: null,
  maxSelfServiceServersPerDay: null,
  dedicatedOnly: false,
};

export interface ControlPlane {
  ports: Ports;
  pool: Pool;
  directory: string;
  master: PostgresServer;
  shared: PostgresServer;
  stop: () => Promise<void>;
}

/** The laptop's control plane, with its settings and the durability of production, in a folder of its own. */
export async function startControlPlane({ fsync = true } = {}): Promise<ControlPlane> {
  const directory = mkdtempSync(join(tmpdir(), 'kyo-benchmark-'));
  // Entered, not listed, by the account PostgreSQL runs under when we are root.
  chmodSync(directory, 0o711);
  const master = new PostgresServer(join(directory, 'master'), {
    maxConnections: 60,
    sharedBuffersMegabytes: 32,
    fsync,
  });
  const shared = new PostgresServer(join(directory, 'shared'), {
    maxConnections: 300,
    sharedBuffersMegabytes: 64,
    fsync,
  });
  for (const server of [master, shared]) {
    await server.initialise();
    await server.start();
  }
  const inPostgres = (endpoint: PostgresEndpoint) => ({ ...endpoint, database: 'postgres' });
  await withConnection(inPostgres(master.endpoint), (client) => migrate(client, masterMigrations));
  const pool = createPool(
    inPostgres(master.endpoint),
    { maxConnections: 20, idleTimeoutSeconds: 60 },
    () => {},
  );
  const dedicated = localPostgres({
    directory,
    prepared: join(directory, 'prepared'),
    maxServers: 100,
    settings: tenantServerSettings,
  });
  const ports: Ports = {
    store: createMasterDatabase(pool),
    hosts: {
      dedicated,
      shared: sharedPostgres([
        { instanceId: 'shared-1', admin: async () => inPostgres(shared.endpoint), maxDatabases: 10_000 },
      ]),
    },
    copies: logicalReplication,
    database: tenantDatabase,
    secrets: localSecrets(join(directory, 'secrets')),
    archives: localArchives({
      directory: join(directory, 'exports'),
      key: async () => 'of the benchmark',
      url: '',
      now: () => new Date(),
    }),
    longestStepSeconds: null,
    lifecycle: {
      secretGraceSeconds: 0,
      secretMaxAgeDays: null,
      offboardGraceSeconds: 0,
      keepPreviousSeconds: 0,
      finalSnapshotDays: null,
    },
    now: () => new Date(),
    random: Math.random,
  };
  return {
    ports,
    pool,
    directory,
    master,
    shared,
    async stop() {
      await pool.end();
      await dedicated.stopAll();
      await Promise.all([master.stop(), shared.stop()]);
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** Provisions tenants as the platform does, from the request to the last step. */
export async function provisionAll(
  { ports }: ControlPlane,
  tenantIds: string[],
  concurrency: number,
): Promise<void> {
  await inParallel(tenantIds, concurrency, async (tenantId) => {
    const asked = await requestProvision({ tenantId, plan: 'free' }, operator, ports.store, policy);
    if (asked.outcome !== 'accepted') throw new Error(`${tenantId}: ${asked.outcome}`);
    const options = { owner: 'benchmark', leaseSeconds: 60, retry: defaultRetry, onStepError: () => {} };
    while ((await advance(asked.operationId, ports, options)).status !== 'done');
    const operation = await ports.store.findOperation(asked.operationId);
    if (operation?.status !== 'succeeded') throw new Error(`${tenantId}: ${operation?.error}`);
  });
}
