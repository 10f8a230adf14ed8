import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { withConnection } from '@kyong/postgres';
import { databaseNames } from '@kyong/tenancy';
import type { Report, Target } from '../report.ts';
import { type ControlPlane, provisionAll, startControlPlane } from './control-plane.ts';
import { measureDedicated } from './dedicated.ts';
import { median, seconds } from './measure.ts';
import { GrowingMigrations, migrateByCommandLine, migrateByHand, migrateByKyo } from './migrations.ts';
import { memoryMegabytes, watchConnections } from './resources.ts';

/** At scale 1. */
const full = { tenants: 1_000, rounds: 3, servers: 9, commandLineSample: 40 };
const concurrency = 8;

/** Tenants by the hundred: servers of their own, databases on a shared one, and the migration of all their schemas. */
export async function benchmarkFleet(
  progress: (line: string) => void,
  { scale }: { scale: number },
): Promise<Report> {
  const scaled = (count: number) => Math.max(1, Math.round(count * scale));
  await using started = new AsyncDisposableStack();
  progress('Starting the control plane');
  const plane = await startControlPlane();
  started.defer(() => plane.stop());

  progress('Servers of their own, by copy and by initdb, in turns');
  const dedicated = await measureDedicated(plane, scaled(full.servers));

  const tenantIds = Array.from(
    { length: scaled(full.tenants) },
    (_, n) => `gym-${String(n).padStart(4, '0')}`,
  );
  progress(`Provisioning ${tenantIds.length} shared tenants`);
  const stopWatching = watchConnections(plane.shared);
  const provisioning = await seconds(async () => {
    await provisionAll(plane, tenantIds, concurrency);
    return undefined;
  });

  const databases = tenantIds.map((tenantId) => databaseNames(tenantId).databaseName);
  const migration = await measureMigrations(plane, databases, scaled(full.rounds), progress);
  const connections = await stopWatching();
  const sample = databases.slice(0, scaled(full.commandLineSample));
  progress(`Migrating ${sample.length} of them by the command line of node-pg-migrate`);
  const commandLine = await measureCommandLine(plane, migration.migrations, sample);

  const perSecond = (taken: number) => databases.length / taken;
  return {
    columns: ['seconds', 'databases/s'],
    rows: [
      { name: 'server of its own: Kyo, a copy', values: { seconds: dedicated.ours } },
      { name: 'server of its own: initdb and migrations', values: { seconds: dedicated.initdb } },
      {
        name: `provision ${databases.length} shared tenants`,
        values: { seconds: provisioning, 'databases/s': perSecond(provisioning) },
      },
      {
        name: `migrate ${databases.length}: Kyo`,
        values: { seconds: migration.ours, 'databases/s': perSecond(migration.ours) },
      },
      {
        name: `migrate ${databases.length}: raw pg`,
        values: { seconds: migration.raw, 'databases/s': perSecond(migration.raw) },
      },
      {
        name: `migrate ${databases.length}: command line, from ${sample.length}`,
        values: { seconds: databases.length / commandLine, 'databases/s': commandLine },
      },
    ],
    versions: await readVersions(plane),
    method: [
      `A server of its own: medians of ${scaled(full.servers)} each, in turns, until it answers with the newest schema.`,
      `Migration: 3 statements, ${concurrency} databases at one time, medians of ${scaled(full.rounds)} rounds in turns on the same databases. ` +
        'Kyo writes down each tenant before and after in the master database, reads and writes its ledger under a lock, gives its role its rights.',
      `The command line: a process a database, ${concurrency} at one time, ${sample.length} databases, scaled.`,
      `Shared server with ${databases.length} tenants: at most ${connections} connections, ${Math.round(memoryMegabytes(plane.shared))} MB afterwards; ` +
        `master ${Math.round(memoryMegabytes(plane.master))} MB; the control plane's process ${Math.round(process.memoryUsage.rss() / 2 ** 20)} MB.`,
    ],
    targets: [
      atLeast('a server of its own against initdb', dedicated.initdb / dedicated.ours, 2.5, 3.5),
      atLeast('migration against raw pg', migration.raw / migration.ours, 0.8, 0.95),
      atLeast('migration against the command line', perSecond(migration.ours) / commandLine, 25, 35),
    ],
  };
}

async function measureMigrations(
  plane: ControlPlane,
  databases: string[],
  rounds: number,
  progress: (line: string) => void,
) {
  const migrations = new GrowingMigrations();
  const times: { ours: number[]; raw: number[] } = { ours: [], raw: [] };
  // The first round of each warms up.
  for (let round = 0; round <= rounds; round += 1) {
    progress(`Migrating them: ${round === 0 ? 'warming up' : `round ${round} of ${rounds}`}`);
    migrations.add();
    const contestants = {
      ours: () => migrateByKyo(plane, migrations, concurrency),
      raw: () => migrateByHand(plane, databases, round, concurrency),
    };
    // Who begins takes turns: each leaves the catalogs a little larger for the other.
    const order = round % 2 === 0 ? (['ours', 'raw'] as const) : (['raw', 'ours'] as const);
    for (const name of order) {
      // Whoever is measured does not pay for what the other has written.
      await checkpoint(plane);
      const taken = await seconds(async () => {
        await contestants[name]();
        return undefined;
      });
      if (round > 0) times[name].push(taken);
    }
  }
  return { ours: median(times.ours), raw: median(times.raw), migrations };
}

async function checkpoint({ master, shared }: ControlPlane): Promise<void> {
  for (const { endpoint } of [master, shared]) {
    await withConnection({ ...endpoint, database: 'postgres' }, (client) => client.query('CHECKPOINT'));
  }
}

/** Databases a second. */
async function measureCommandLine(
  plane: ControlPlane,
  migrations: GrowingMigrations,
  databases: string[],
): Promise<number> {
  migrations.add();
  const taken = await seconds(async () => {
    await migrateByCommandLine(plane, migrations, databases, concurrency);
    return undefined;
  });
  return databases.length / taken;
}

const atLeast = (what: string, measured: number, must: number, aim: number): Target => ({
  what,
  measured,
  must,
  aim,
  met: measured >= must,
});

async function readVersions({ pool }: ControlPlane): Promise<Record<string, string>> {
  const { rows } = await pool.query<{ server_version: string }>('SHOW server_version');
  const versionOf = (name: string) => {
    const manifest = join(import.meta.dirname, '../../node_modules', name, 'package.json');
    return (JSON.parse(readFileSync(manifest, 'utf8')) as { version: string }).version;
  };
  return {
    PostgreSQL: rows[0]?.server_version ?? 'unknown',
    pg: versionOf('pg'),
    'node-pg-migrate': versionOf('node-pg-migrate'),
  };
}
