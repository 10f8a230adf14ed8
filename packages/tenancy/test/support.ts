import { randomBytes } from 'node:crypto';
import { chmodSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Placement, Plan } from '@kyong/contracts';
import { type Connection, type Pool, withConnection } from '@kyong/postgres';
import { createTestDatabase } from '@kyong/testing';
import { afterAll, inject, onTestFinished } from 'vitest';
import { localArchives } from '../src/adapters/local-archives.ts';
import { type LocalPostgres, localPostgres, tenantServerSettings } from '../src/adapters/local-postgres.ts';
import { localSecrets } from '../src/adapters/local-secrets.ts';
import { logicalReplication } from '../src/adapters/logical-replication/index.ts';
import { createMasterDatabase, masterMigrations } from '../src/adapters/master-database/index.ts';
import { tenantMigrations } from '../src/adapters/migration-files.ts';
import { type SharedServer, sharedPostgres } from '../src/adapters/shared-postgres.ts';
import { tenantDatabase } from '../src/adapters/tenant-schema.ts';
import {
  type AdvanceOptions,
  advance,
  type Caller,
  type Operation,
  type Ports,
  requestProvision,
  type TenancyPolicy,
  type TenancyStore,
} from '../src/index.ts';
import { Crash, type CrashPoint, crashingPorts } from './crashing-ports.ts';
import { openAs } from './program-pool.ts';

export const policy: TenancyPolicy = {
  regions: ['ap-northeast-1'],
  selfServicePlans: ['free', 'basic', 'premium', 'enterprise'],
  maxTenantsPerOwner: null,
  maxSelfServiceServersPerDay: null,
  dedicatedOnly: false,
};

export const driver: AdvanceOptions = {
  owner: 'test',
  leaseSeconds: 30,
  retry: { attempts: 3, undoAttempts: 3, baseSeconds: 0, maxSeconds: 0 },
  onStepError: () => {},
};

export const planOf: Record<Placement, Plan> = { shared: 'free', dedicated: 'basic' };
export const operator: Caller = { id: 'operator', isOperator: true, sourceIp: null };

/** What a tenant's database has once it is provisioned. */
export const newestVersion = basename(readdirSync(tenantMigrations).sort().at(-1) ?? '', '.sql');

/** Unique in the test run, for servers and roles are shared by its tests. */
export function newTenantId(): string {
  return `t${randomBytes(6).toString('hex')}`;
}

export interface World {
  ports: Ports;
  /** Of the master database. */
  connection: Connection;
  pool: Pool;
  shared: Connection;
  dedicated: LocalPostgres;
  /** Folder of the dedicated servers. */
  directory: string;
  /** Folder of the server they are copied from. */
  prepared: string;
}

/** The control plane on real servers: a master database of its own, the run's shared server, a folder for dedicated ones. */
export async function createWorld(
  limits: { maxServers?: number; maxDatabases?: number; otherShared?: SharedServer[] } = {},
): Promise<World> {
  const { pool, connection } = await createTestDatabase(masterMigrations);
  const directory = mkdtempSync(join(tmpdir(), 'kyo-tenancy-'));
  chmodSync(directory, 0o711);
  const shared = { ...inject('postgres'), database: 'postgres' };
  const prepared = join(ofFile(), 'prepared');
  const dedicated = localPostgres({
    directory,
    prepared,
    maxServers: limits.maxServers ?? 100,
    settings: { ...tenantServerSettings, fsync: false },
  });
  onTestFinished(async () => {
    await dedicated.stopAll();
    rmSync(directory, { recursive: true, force: true });
  });
  const ports: Ports = {
    store: await openStore(connection),
    hosts: {
      dedicated,
      shared: sharedPostgres([
        {
          instanceId: 'shared-1',
          admin: async () => shared,
          maxDatabases: limits.maxDatabases ?? 10_000,
        },
        ...(limits.otherShared ?? []),
      ]),
    },
    database: tenantDatabase,
    copies: logicalReplication,
    secrets: localSecrets(join(directory, 'secrets')),
    archives: localArchives({
      directory: join(directory, 'exports'),
      key: async () => 'of the test',
      url: 'http://localhost/dev/exports/',
      now: () => new Date(),
    }),
    longestStepSeconds: null,
    lifecycle: {
      secretGraceSeconds: 0,
      secretMaxAgeDays: null,
      offboardGraceSeconds: 0,
      keepPreviousSeconds: 86_400,
      finalSnapshotDays: 30,
    },
    now: () => new Date(),
    random: Math.random,
  };
  return { ports, connection, pool, shared, dedicated, directory, prepared };
}

let folderOfFile: string | undefined;

/** A folder for what the tests of a file share. */
function ofFile(): string {
  folderOfFile ??= mkdtempSync(join(tmpdir(), 'kyo-tenancy-file-'));
  chmodSync(folderOfFile, 0o711);
  return folderOfFile;
}
afterAll(() => {
  if (folderOfFile) rmSync(folderOfFile, { recursive: true, force: true });
});

/** As the functions use it: what is asked for is written down by the API, and everything else done by the driver. */
async function openStore(master: Connection): Promise<TenancyStore> {
  const api = createMasterDatabase((await openAs('api', master)).pool);
  const { requestProvision, requestOperation, retryOperation, recordRefusal, listAudit } = api;
  const asked = { requestProvision, requestOperation, retryOperation, recordRefusal, listAudit };
  return { ...createMasterDatabase((await openAs('driver', master)).pool), ...asked };
}

export async function request(
  ports: Ports,
  tenantId: string,
  plan: Plan,
  caller = operator,
): Promise<string> {
  const result = await requestProvision({ tenantId, plan }, caller, ports.store, policy);
  if (result.outcome !== 'accepted') throw new Error(result.outcome);
  return result.operationId;
}

/** Advances an operation to its end; where it asks for time, it gets a moment. */
export async function drive(operationId: string, ports: Ports, options = driver): Promise<Operation> {
  for (let turns = 0; turns < 2_000; turns += 1) {
    const result = await advance(operationId, ports, options);
    if (result.status === 'again' && result.afterSeconds > 0) await sleep(10);
    const operation = result.status === 'done' && (await ports.store.findOperation(operationId));
    if (operation) return operation;
  }
  throw new Error(`Operation ${operationId} does not end.`);
}

/** Drives an operation with a driver that dies at this point, if the operation gets so far. */
export async function dieAt(operationId: string, ports: Ports, point: CrashPoint): Promise<void> {
  await drive(operationId, crashingPorts(ports, point).ports).catch((error: unknown) => {
    if (!(error instanceof Crash)) throw error;
  });
}

/** As the tenant's services get in at this moment. */
export async function accessOf({ ports }: World, tenantId: string): Promise<Connection> {
  const tenant = await ports.store.findTenant(tenantId);
  if (!tenant?.reservation || !tenant.endpoint) throw new Error(`${tenantId} has no database`);
  const { databaseName: database, roleName: user, secretRef } = tenant.reservation;
  const { host, port } = tenant.endpoint;
  return { host, port, database, user, password: await ports.secrets.read(secretRef) };
}

/** What a tenant left behind anywhere: databases, roles, servers, secrets. */
export async function traces({ shared, directory }: World, tenantId: string): Promise<string[]> {
  const inServer = await withConnection(shared, async (client) => {
    const { rows } = await client.query<{ name: string }>(
      `SELECT datname AS name FROM pg_database WHERE datname LIKE $1
       UNION ALL SELECT rolname FROM pg_roles WHERE rolname LIKE $1`,
      [`tenant\\_${tenantId}%`],
    );
    return rows.map((row) => row.name);
  });
  const inFolder = readdirSync(directory, { recursive: true, encoding: 'utf8' }).filter(
    (name) =>
      name.includes(tenantId) && /^(tenants|secrets\/tenants)\/[^/]+(\/database(-2)?\.secret)?$/.test(name),
  );
  return [...inServer, ...inFolder.filter((name) => !name.endsWith(tenantId) || name.startsWith('tenants/'))];
}
