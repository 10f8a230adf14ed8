import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { withConnection } from '@kyong/postgres';
import {
  advanceMigration,
  defaultLockTimeoutSeconds,
  defaultMigrationRetry,
  startMigration,
} from '@kyong/tenancy';
import { createFleetMigrations } from '@kyong/tenancy/adapters/master-database';
import { createTenantSchema } from '@kyong/tenancy/adapters/tenant-migrations';
import { tenantMigrations } from '@kyong/tenancy/adapters/tenant-schema';
import { type ControlPlane, operator } from './control-plane.ts';
import { inParallel } from './in-parallel.ts';

/** Three statements that change a schema: a table, a column, an index. */
const statements = (name: string) => `
  CREATE TABLE ${name} (id uuid PRIMARY KEY, name text NOT NULL, created_at timestamptz NOT NULL DEFAULT now());
  ALTER TABLE ${name} ADD COLUMN note text;
  CREATE INDEX ${name}_newest ON ${name} (created_at)`;

/** The migrations of tenants, to which new ones are added as time goes by. */
export class GrowingMigrations {
  readonly directory = mkdtempSync(join(tmpdir(), 'kyo-benchmark-migrations-'));
  #added = 0;

  constructor() {
    cpSync(tenantMigrations, this.directory, { recursive: true });
  }

  add(): void {
    this.#added += 1;
    const name = `${9000 + this.#added}_bench`;
    writeFileSync(join(this.directory, `${name}.sql`), statements(`kyo_${this.#added}`));
  }
}

/** Ours: written down in the master database, canary first, ledger, locks, and rights for the tenant's role. */
export async function migrateByKyo(
  { ports, pool, shared }: ControlPlane,
  { directory }: GrowingMigrations,
  concurrency: number,
): Promise<void> {
  const store = createFleetMigrations(pool);
  const schema = createTenantSchema(async () => ({ ...shared.endpoint, database: 'postgres' }), directory);
  const wish = { canaries: 1, concurrency, maxFailures: 0 };
  const { migrationId } = await startMigration(wish, operator, store, schema);
  const migration = { store, hosts: ports.hosts, schema, random: Math.random };
  const options = {
    owner: 'benchmark',
    leaseSeconds: 30,
    retry: defaultMigrationRetry,
    lockTimeoutSeconds: defaultLockTimeoutSeconds,
    signal: new AbortController().signal,
    onTenantError: () => {},
  };
  while ((await advanceMigration(migrationId, migration, options)).status !== 'done');
  const report = await store.findMigration(migrationId);
  if (report?.status !== 'succeeded') throw new Error(`The migration ${report?.status}: ${report?.reason}`);
}

/** The least there can be: a connection, the statements in one transaction and one message, good-bye. */
export async function migrateByHand(
  { shared }: ControlPlane,
  databases: string[],
  round: number,
  concurrency: number,
): Promise<void> {
  await inParallel(databases, concurrency, async (database) => {
    await withConnection({ ...shared.endpoint, database }, (client) =>
      client.query(`BEGIN; ${statements(`raw_${round}`)}; COMMIT`),
    );
  });
}

/** How the library's command line is begun: by its file, or as its documentation has it and people write it in a loop. */
export type CommandLine = 'node' | 'npx';

const project = join(import.meta.dirname, '../..');
const commands: Record<CommandLine, [file: string, ...args: string[]]> = {
  node: [process.execPath, join(project, 'node_modules/node-pg-migrate/bin/node-pg-migrate.js')],
  npx: ['npx', 'node-pg-migrate'],
};

/** What a script would do: a process for each database, so many at one time. */
export async function migrateByCommandLine(
  commandLine: CommandLine,
  { shared }: ControlPlane,
  { directory }: GrowingMigrations,
  databases: string[],
  concurrency: number,
): Promise<void> {
  const [file, ...args] = commands[commandLine];
  const { user, password, host, port } = shared.endpoint;
  await inParallel(databases, concurrency, async (database) => {
    const url = `postgres://${user}:${encodeURIComponent(password)}@${host}:${port}/${database}`;
    await promisify(execFile)(file, [...args, 'up', '-m', directory, '-t', 'schema_migrations'], {
      cwd: project,
      env: { ...process.env, DATABASE_URL: url },
    });
  });
}
