import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  type ControlPlane,
  operator,
  provisionAll,
  startControlPlane,
} from '@kyong/benchmarks/control-plane';
import { inParallel } from '@kyong/benchmarks/in-parallel';
import { withConnection } from '@kyong/postgres';
import { databaseNames, startMigration } from '@kyong/tenancy';
import { createFleetMigrations } from '@kyong/tenancy/adapters/master-database';
import { createTenantSchema } from '@kyong/tenancy/adapters/tenant-migrations';
import { tenantMigrations } from '@kyong/tenancy/adapters/tenant-schema';
import type { Fault } from '../fault.ts';
import { shuffled } from '../random.ts';
import type { MigrationProcessOptions } from './migration-process.ts';

const version = '9001_chaos';
/** Each part may be done again without an error, so that what was done twice is counted and not refused. */
const migration = `
  CREATE TABLE IF NOT EXISTS applied (at timestamptz NOT NULL DEFAULT now());
  INSERT INTO applied DEFAULT VALUES;
  ALTER TABLE gym ADD COLUMN IF NOT EXISTS motto text;
  DO $$ BEGIN IF to_regclass('poison') IS NOT NULL THEN RAISE EXCEPTION 'poisoned'; END IF; END $$;`;
const concurrency = 8;
const leaseSeconds = 1;

/** Every tenant is migrated while the driver is killed, some databases are bad, and others are in use. */
export const migrationKills: Fault = {
  name: 'fleet migration, kill -9',
  async run({ directory, scale, random }) {
    const sizes =
      scale === 'full'
        ? { tenants: 1_000, kills: 10, bad: 20, busy: 30 }
        : { tenants: 12, kills: 2, bad: 2, busy: 2 };
    await using started = new AsyncDisposableStack();
    const plane = await startControlPlane({ fsync: scale === 'full' });
    started.defer(() => plane.stop());
    const tenantIds = Array.from({ length: sizes.tenants }, (_, n) => `gym-${String(n).padStart(4, '0')}`);
    await provisionAll(plane, tenantIds, concurrency);
    // The first goes as the canary, and would halt it.
    const [bad, busy] = draw(shuffled(tenantIds.slice(1), random), [sizes.bad, sizes.busy]);
    for (const tenantId of bad) await inDatabase(plane, tenantId, 'CREATE TABLE poison ()');
    const release = await occupy(plane, busy);

    const migrationsDirectory = join(directory, 'migrations');
    cpSync(tenantMigrations, migrationsDirectory, { recursive: true });
    writeFileSync(join(migrationsDirectory, `${version}.sql`), migration);
    const shared = { ...plane.shared.endpoint, database: 'postgres' };
    const store = createFleetMigrations(plane.pool);
    const wish = { canaries: 1, concurrency, maxFailures: sizes.bad };
    const schema = createTenantSchema(async () => shared, migrationsDirectory);
    const { migrationId } = await startMigration(wish, operator, store, schema);

    const start = () =>
      startProcess({
        migrationId,
        master: { ...plane.master.endpoint, database: 'postgres' },
        shared,
        migrationsDirectory,
        leaseSeconds,
      });
    const done = async () => (await store.findMigration(migrationId))?.counts.succeeded ?? 0;
    let driver = start();
    started.defer(() => void driver.child.kill('SIGKILL'));
    for (let kill = 1; kill <= sizes.kills; kill += 1) {
      // Somewhere in the middle: when the next share of the tenants is about done.
      const share = (sizes.tenants * kill) / (sizes.kills + 2);
      while (driver.child.exitCode === null && (await done()) < share - sizes.busy) await sleep(20);
      await sleep(random() * 100);
      driver.child.kill('SIGKILL');
      await driver.ended;
      driver = start();
    }
    await release();
    await driver.ended;

    const report = await store.findMigration(migrationId);
    const counts = await examine(plane, tenantIds);
    const reported = report?.failures.map(({ tenantId }) => tenantId) ?? [];
    return {
      injected: `${sizes.kills} kills of the driver; of ${sizes.tenants} databases ${sizes.bad} bad and ${sizes.busy} in use`,
      counts: { ...counts, reported: reported.length },
      held:
        report?.status === 'failed' &&
        counts.done === sizes.tenants - sizes.bad &&
        counts['half-applied'] === 0 &&
        counts['applied twice'] === 0 &&
        reported.toSorted().join() === bad.toSorted().join(),
    };
  },
};

function draw<T>(items: T[], sizes: [number, number]): [T[], T[]] {
  return [items.slice(0, sizes[0]), items.slice(sizes[0], sizes[0] + sizes[1])];
}

function startProcess(options: MigrationProcessOptions): { child: ChildProcess; ended: Promise<unknown> } {
  const child = spawn(
    process.execPath,
    [join(import.meta.dirname, 'migration-process.ts'), JSON.stringify(options)],
    {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    },
  );
  // From the beginning: it may end before anybody waits for it.
  return { child, ended: once(child, 'exit') };
}

const connectionTo = ({ shared }: ControlPlane, tenantId: string) => ({
  ...shared.endpoint,
  database: databaseNames(tenantId).databaseName,
});

function inDatabase(plane: ControlPlane, tenantId: string, sql: string) {
  return withConnection(connectionTo(plane, tenantId), (client) => client.query(sql));
}

/** Keeps a table of these tenants in use until it is released. */
async function occupy(plane: ControlPlane, tenantIds: string[]): Promise<() => Promise<void>> {
  const released = Promise.withResolvers<void>();
  const taken: Promise<void>[] = [];
  const holding = tenantIds.map((tenantId) => {
    const began = Promise.withResolvers<void>();
    taken.push(began.promise);
    return withConnection(connectionTo(plane, tenantId), async (client) => {
      await client.query('BEGIN; SELECT FROM gym');
      began.resolve();
      await released.promise;
    });
  });
  await Promise.all(taken);
  return async () => {
    released.resolve();
    await Promise.all(holding);
  };
}

/** What the databases themselves say, each by its ledger and by what is in it. */
async function examine(plane: ControlPlane, tenantIds: string[]) {
  const counts = { done: 0, 'half-applied': 0, 'applied twice': 0 };
  await inParallel(tenantIds, concurrency, async (tenantId) => {
    const { rows } = await withConnection(connectionTo(plane, tenantId), (client) =>
      client.query<{ entries: number; motto: boolean; applied: boolean }>(
        `SELECT (SELECT count(*)::int FROM schema_migrations WHERE name = '${version}') AS entries,
                EXISTS (SELECT FROM pg_attribute WHERE attrelid = 'gym'::regclass AND attname = 'motto') AS motto,
                to_regclass('applied') IS NOT NULL AS applied`,
      ),
    );
    const { entries = 0, motto = false, applied = false } = rows[0] ?? {};
    const times = applied ? (await inDatabase(plane, tenantId, 'SELECT FROM applied')).rows.length : 0;
    if (entries === 1 && motto && times === 1) counts.done += 1;
    else if (entries > 1 || times > 1) counts['applied twice'] += 1;
    else if (entries === 1 || motto || applied) counts['half-applied'] += 1;
  });
  return counts;
}
