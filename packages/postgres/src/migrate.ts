import { type MigrationBuilder, runner } from 'node-pg-migrate';
import type { ClientBase } from 'pg';
import { readMigrationFile } from './migration-files.ts';

const ledger = 'schema_migrations';
const silent = { debug() {}, info() {}, warn() {}, error() {} };
/** The advisory lock that whoever migrates a database holds: node-pg-migrate's own number. */
export const migrationLock = 7241865325823964;

export interface MigrationResult {
  /** Name of the newest migration the database has now. */
  version: string;
  /** Names of those this run applied, in order. */
  applied: string[];
}

/**
 * Brings a database to the newest migration of `directory` (SQL files, in order of their names).
 * All pending files run in one transaction, but for those marked `-- no transaction`; under an advisory lock: of several
 * callers one migrates, the others wait. `atMost` so many files are applied.
 */
export async function migrate(
  client: ClientBase,
  directory: string,
  atMost = Number.POSITIVE_INFINITY,
): Promise<MigrationResult> {
  const applied = await runner({
    dbClient: client,
    dir: directory,
    direction: 'up',
    count: atMost,
    migrationsTable: ledger,
    singleTransaction: true,
    advisoryLockMode: 'wait',
    lockValue: migrationLock,
    migrationLoaderStrategies: [{ extensions: ['.sql'], loader: loadSql }],
    logger: silent,
  });
  const version = await schemaVersion(client);
  if (version === null) throw new Error(`No migrations found in ${directory}.`);
  return { version, applied: applied.map((migration) => migration.name) };
}

async function loadSql(paths: string[]) {
  return paths.map((path) => ({
    id: path,
    filePaths: [path],
    actions: {
      up: (pgm: MigrationBuilder) => {
        const { statements, transactional } = readMigrationFile(path);
        if (!transactional) pgm.noTransaction();
        for (const statement of statements) pgm.sql(statement);
      },
      down: false as const,
    },
  }));
}

/** Name of the newest migration a database has, or null for one that was never migrated. */
export async function schemaVersion(client: ClientBase): Promise<string | null> {
  const { rows: tables } = await client.query<{ found: boolean }>(
    'SELECT to_regclass($1) IS NOT NULL AS found',
    [`public.${ledger}`],
  );
  if (!tables[0]?.found) return null;
  const { rows } = await client.query<{ name: string }>(
    `SELECT name FROM public.${ledger} ORDER BY id DESC LIMIT 1`,
  );
  return rows[0]?.name ?? null;
}
