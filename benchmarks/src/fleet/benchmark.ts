import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { withConnection } from '@kyong/postgres';
import { databaseNames } from '@kyong/tenancy';
import type { Report, Target } from '../report.ts';
import { type ControlPlane, provisionAll, startControlPlane } from './control-plane.ts';
import { measureDedicated } from './dedicated.ts';
import { median, seconds } from './measure.ts';
import {
  type CommandLine,
  GrowingMigrations,
  migrateByCommandLine,
  migrateByHand,
  migrateByKyo,
} from './migrations.ts';
import { memoryMegabytes, processorSeconds, watchConnections } from './resources.ts';

/** At scale 1. */
const full = { tenants: 1_000, servers: 9, commandLineSample: 40 };
const concurrency = 8;
/** At any scale: the median of fewer says little. */
const migrationRounds = 5;

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
  const migration = await measureMigrations(plane, databases, progress);
  const connections = await stopWatching();
  const sample = databases.slice(0, scaled(full.commandLineSample));
  progress(
    `Migrating ${sample.length} of them by the command line of node-pg-migrate, without npx and with it`,
  );
  const direct = await measureCommandLine('node', plane, migration.migrations, sample);
  const shellLoop = await measureCommandLine('npx', plane, migration.migrations, sample);

  const perSecond = (taken: number) => databases.length / taken;
  const migrated = ({ clock, processor }: Taken, count = databases.length) => ({
    seconds: (clock / count) * databases.length,
    'databases/s': count / clock,
    'processor ms each': (processor / count) * 1000,
  });
  return {
    columns: ['seconds', 'databases/s', 'processor ms each'],
    rows: [
      { name: 'server of its own: Kyo, a copy', values: { seconds: dedicated.ours } },
      { name: 'server of its own: initdb and migrations', values: { seconds: dedicated.initdb } },
      {
        name: `provision ${databases.length} shared tenants`,
        values: { seconds: provisioning, 'databases/s': perSecond(provisioning) },
      },
      { name: `migrate ${databases.length}: Kyo`, values: migrated(migration.ours) },
      { name: `migrate ${databases.length}: raw pg`, values: migrated(migration.raw) },
      {
        name: `migrate ${databases.length}: command line by node, from ${sample.length}`,
        values: migrated(direct, sample.length),
      },
      {
        name: `migrate ${databases.length}: shell loop with npx, from ${sample.length}`,
        values: migrated(shellLoop, sample.length),
      },
    ],
    versions: await readVersions(plane),
    method: [
      `A server of its own: medians of ${scaled(full.servers)} each, in turns, until it answers with the newest schema.`,
      `Migration: 3 statements, ${concurrency} databases at one time, medians of ${migrationRounds} rounds in turns on the same databases. ` +
        'Kyo writes down each tenant before and after in the master database, reads and writes its ledger under a lock. ' +
        'What is made comes with the rights of the tenant, whoever makes it.',
      `The command line: a process a database, ${concurrency} at one time, ${sample.length} databases, scaled; ` +
        'its file run by node, and as people write it: npx node-pg-migrate up, from a project that has it.',
      'Processor time: of the servers, and of whoever migrates.',
      `Shared server with ${databases.length} tenants: at most ${connections} connections, ${Math.round(memoryMegabytes(plane.shared))} MB afterwards; ` +
        `master ${Math.round(memoryMegabytes(plane.master))} MB; the control plane's process ${Math.round(process.memoryUsage.rss() / 2 ** 20)} MB.`,
    ],
    targets: [
      atLeast('a server of its own against initdb', dedicated.initdb / dedicated.ours, 2.5, 3.5),
      atLeast(
        'migration against raw pg, processor time',
        migration.raw.processor / migration.ours.processor,
        0.8,
        0.95,
      ),
      atLeast(
        'migration against raw pg, on the clock',
        migration.raw.clock / migration.ours.clock,
        0.8,
        0.95,
      ),
      atLeast(
        'migration against a shell loop of the command line',
        perSecond(migration.ours.clock) / (sample.length / shellLoop.clock),
        25,
        35,
      ),
    ],
  };
}

async function measureMigrations(plane: ControlPlane, databases: string[], progress: (line: string) => void) {
  const migrations = new GrowingMigrations();
  const times: { ours: Taken[]; raw: Taken[] } = { ours: [], raw: [] };
  // The first round of each warms up.
  for (let round = 0; round <= migrationRounds; round += 1) {
    progress(`Migrating them: ${round === 0 ? 'warming up' : `round ${round} of ${migrationRounds}`}`);
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
      const taken = await measure(plane, contestants[name]);
      if (round > 0) times[name].push(taken);
    }
  }
  const medians = (of: Taken[]): Taken => ({
    clock: median(of.map(({ clock }) => clock)),
    processor: median(of.map(({ processor }) => processor)),
  });
  return { ours: medians(times.ours), raw: medians(times.raw), migrations };
}

async function checkpoint({ master, shared }: ControlPlane): Promise<void> {
  for (const { endpoint } of [master, shared]) {
    await withConnection({ ...endpoint, database: 'postgres' }, (client) => client.query('CHECKPOINT'));
  }
}

/** In seconds. */
interface Taken {
  clock: number;
  processor: number;
}

async function measure({ master, shared }: ControlPlane, task: () => Promise<void>): Promise<Taken> {
  const before = processorSeconds([master, shared]);
  const clock = await seconds(async () => {
    await task();
    return undefined;
  });
  return { clock, processor: processorSeconds([master, shared]) - before };
}

async function measureCommandLine(
  commandLine: CommandLine,
  plane: ControlPlane,
  migrations: GrowingMigrations,
  databases: string[],
): Promise<Taken> {
  migrations.add();
  return measure(plane, () => migrateByCommandLine(commandLine, plane, migrations, databases, concurrency));
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
