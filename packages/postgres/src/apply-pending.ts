import { type ClientBase, DatabaseError, escapeLiteral, type QueryResult } from 'pg';
import { migrationLock } from './migrate.ts';
import type { MigrationFile } from './migration-files.ts';

/** A migration did not go in; what went in before it stays, and what it did itself is taken back. */
export class MigrationFailed extends Error {
  override name = 'MigrationFailed';
  /** The newest migration the database has, as far as is known. */
  readonly version: string | null;

  constructor(message: string, version: string | null, options?: ErrorOptions) {
    super(message, options);
    this.version = version;
  }
}

/** What the files rely on, and the database may not have yet. */
export interface Precondition {
  /** An SQL expression that says whether it has. */
  holds: string;
  /** Sees to it, on the same connection. */
  establish: () => Promise<void>;
}

/** Somebody else migrates the database at this moment. Trying again helps. */
export class MigrationLocked extends Error {
  override name = 'MigrationLocked';
  /** PostgreSQL's own for a lock that is not to be had. */
  readonly code = '55P03';
}

const undefinedTable = '42P01';
// The lock is not waited for: whoever waits holds a snapshot, and CREATE INDEX CONCURRENTLY waits for all snapshots. The
// ledger is put in order here: a connection that has never sorted pays for it with a twentieth of the whole migration.
const look = (holds: string) =>
  `SELECT pg_try_advisory_lock(${migrationLock}) AS held, ${holds} AS ready; SELECT id, name FROM public.schema_migrations`;

/**
 * Does to one of many databases what `migrate` does, with the same ledger and lock, in as few round trips as there can be:
 * one that locks and reads the ledger, and one a file, which runs in a transaction with its entry. The lock and whatever was
 * cut off go with the connection.
 * @param files all there are, in order.
 * @throws {MigrationFailed} or {MigrationLocked}
 */
export async function applyPending(
  client: ClientBase,
  files: readonly MigrationFile[],
  { holds, establish }: Precondition,
): Promise<{ version: string; applied: string[] }> {
  const { ledger, ready } = await lockAndLook(client, holds);
  const known = files.slice(0, ledger.length).map(({ name }) => name);
  const odd = ledger.findIndex((name, position) => name !== known[position]);
  if (odd >= 0) {
    throw new MigrationFailed(
      `Its ledger has ${ledger[odd]} where ${known[odd] ?? 'nothing'} was expected: it was migrated by other files than these.`,
      ledger.at(-1) ?? null,
    );
  }
  if (!ready && ledger.length < files.length) await establish();
  const applied: string[] = [];
  for (const file of files.slice(ledger.length)) {
    try {
      await apply(client, file);
    } catch (error) {
      if (!(error instanceof DatabaseError)) throw error;
      const version = applied.at(-1) ?? ledger.at(-1) ?? null;
      throw new MigrationFailed(`${file.name}: ${error.message} (${error.code}).`, version, { cause: error });
    }
    applied.push(file.name);
  }
  return { version: applied.at(-1) ?? ledger.at(-1) ?? '', applied };
}

async function lockAndLook(client: ClientBase, holds: string): Promise<{ ledger: string[]; ready: boolean }> {
  try {
    // Several statements in one message: one result each.
    const [state, entries] = (await client.query(look(holds))) as unknown as [
      QueryResult<{ held: boolean; ready: boolean }>,
      QueryResult<{ id: number; name: string }>,
    ];
    if (!state.rows[0]?.held) throw new MigrationLocked('The database is being migrated.');
    const ledger = entries.rows.sort((one, other) => one.id - other.id).map(({ name }) => name);
    return { ledger, ready: state.rows[0].ready };
  } catch (error) {
    if (!(error instanceof DatabaseError) || error.code !== undefinedTable) throw error;
    throw new MigrationFailed(
      'It has no table schema_migrations, which every tenant database has from the beginning.',
      null,
      { cause: error },
    );
  }
}

async function apply(client: ClientBase, { name, statements, transactional }: MigrationFile): Promise<void> {
  const entry = `INSERT INTO public.schema_migrations (name, run_on) VALUES (${escapeLiteral(name)}, now())`;
  if (transactional) {
    // A line of its own for each part: the file may end with a comment.
    await client.query(['BEGIN', ...statements, entry, 'COMMIT'].join('\n;\n'));
    return;
  }
  for (const statement of statements) await client.query(statement);
  await client.query(entry);
}
