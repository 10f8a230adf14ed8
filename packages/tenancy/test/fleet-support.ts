import { cpSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Connection, withConnection } from '@kyong/postgres';
import { createFleetMigrations } from '../src/adapters/master-database/index.ts';
import { createTenantSchema } from '../src/adapters/tenant-migrations.ts';
import { tenantMigrations } from '../src/adapters/tenant-schema.ts';
import {
  type AdvanceMigrationOptions,
  advanceMigration,
  type FleetMigrationReport,
  type MigrationPorts,
  startMigration,
} from '../src/index.ts';
import { createWorld, drive, newTenantId, operator, request, type World } from './support.ts';

/** What no tenant has yet: it sorts after all there are. */
export const newVersion = '9001_lockers';
const lockers =
  'CREATE TABLE lockers (id int PRIMARY KEY, member_id uuid);\nCREATE INDEX ON lockers (member_id);\n';

export interface Fleet extends World {
  migration: MigrationPorts;
  tenantIds: string[];
}

/** Shared tenants at the newest version there is, and code that has a newer one. */
export async function createFleet(tenants: number, files: Record<string, string> = {}): Promise<Fleet> {
  const world = await createWorld();
  const tenantIds = Array.from({ length: tenants }, newTenantId).sort();
  await Promise.all(tenantIds.map(async (id) => drive(await request(world.ports, id, 'free'), world.ports)));
  const directory = mkdtempSync(join(tmpdir(), 'kyo-tenant-migrations-'));
  cpSync(tenantMigrations, directory, { recursive: true });
  for (const [name, sql] of Object.entries({ [`${newVersion}.sql`]: lockers, ...files })) {
    writeFileSync(join(directory, name), sql);
  }
  const migration = {
    store: createFleetMigrations(world.pool),
    hosts: world.ports.hosts,
    schema: createTenantSchema(async () => world.shared, directory),
    random: () => 1,
  };
  return { ...world, migration, tenantIds };
}

export const migrator: AdvanceMigrationOptions = {
  owner: 'test',
  leaseSeconds: 30,
  retry: { attempts: 3, baseSeconds: 0, maxSeconds: 0 },
  lockTimeoutSeconds: 0.05,
  signal: new AbortController().signal,
  onTenantError: () => {},
};

export async function begin(
  { migration }: Fleet,
  change: Partial<Parameters<typeof startMigration>[0]> = {},
): Promise<string> {
  const wish = { canaries: 1, concurrency: 4, maxFailures: 5, ...change };
  return (await startMigration(wish, operator, migration.store, migration.schema)).migrationId;
}

/** Advances a migration to its end, as a driver does. */
export async function migrateAll(
  { migration }: Fleet,
  migrationId: string,
  options: Partial<AdvanceMigrationOptions> = {},
): Promise<FleetMigrationReport> {
  for (let turns = 0; turns < 100; turns += 1) {
    const result = await advanceMigration(migrationId, migration, { ...migrator, ...options });
    const report = await migration.store.findMigration(migrationId);
    if (result.status === 'done' && report) return report;
    if (result.status === 'again' && result.afterSeconds < 1) await sleep(result.afterSeconds * 1000);
  }
  throw new Error(`Migration ${migrationId} does not end.`);
}

/** The way in of a tenant's services. */
export async function accessOf({ shared, ports }: World, tenantId: string): Promise<Connection> {
  const password = await ports.secrets.read(`tenants/${tenantId}/database`);
  return { ...shared, database: `tenant_${tenantId}`, user: `tenant_${tenantId}_app`, password };
}

export function query<R extends Record<string, unknown>>(
  { shared }: World,
  tenantId: string,
  sql: string,
): Promise<R[]> {
  const database = `tenant_${tenantId}`;
  return withConnection({ ...shared, database }, async (client) => (await client.query<R>(sql)).rows);
}

/** What a tenant's database has: the newest entry of its ledger, how often, and whether the tables are there. */
export async function stateOf(fleet: World, tenantId: string) {
  const [state] = await query<{ entries: number; lockers: boolean }>(
    fleet,
    tenantId,
    `SELECT (SELECT count(*)::int FROM schema_migrations WHERE name = '${newVersion}') AS entries,
            to_regclass('lockers') IS NOT NULL AS lockers`,
  );
  return { ...state, recorded: (await fleet.ports.store.findTenant(tenantId))?.schemaVersion };
}

export const migrated = { entries: 1, lockers: true, recorded: newVersion };
