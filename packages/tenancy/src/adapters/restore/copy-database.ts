import { pipeline } from 'node:stream/promises';
import {
  type ClientBase,
  type Connection,
  copyFrom,
  copyTo,
  escapeIdentifier,
  migrate,
  schemaVersion,
  withConnection,
} from '@kyong/postgres';
import { tenantMigrations } from '../migration-files.ts';
import { copySequences } from '../sequences.ts';
import { compareDatabases } from './compare-databases.ts';
import { listOf, tablesOf } from './tables.ts';

/**
 * Gives an empty database the schema and the rows of `source`, which nobody writes to. Safe to repeat.
 * @returns how much was copied. @throws {Error} when the two are not the same afterwards.
 */
export async function copyDatabase(
  source: Connection,
  target: Connection,
): Promise<{ tables: number; rows: number }> {
  await withConnection(source, (from) =>
    withConnection(target, async (to) => {
      const missing = (await migrationsIn(from)) - (await migrationsIn(to));
      if (missing > 0) await migrate(to, tenantMigrations, missing);
      await copyRows(from, to);
    }),
  );
  const tables = await compareDatabases(source, target);
  const other = tables.filter(({ differingRows }) => differingRows > 0);
  if (other.length > 0) {
    throw new Error(`The copy differs from its source in: ${other.map(({ table }) => table).join(', ')}.`);
  }
  return { tables: tables.length, rows: tables.reduce((sum, { liveRows }) => sum + (liveRows ?? 0), 0) };
}

/** How many there are in its ledger. */
async function migrationsIn(client: ClientBase): Promise<number> {
  if ((await schemaVersion(client)) === null) return 0;
  const { rows } = await client.query<{ count: number }>('SELECT count(*)::int FROM schema_migrations');
  return rows[0]?.count ?? 0;
}

/** All rows of all tables, and where the sequences stand, in one transaction. */
async function copyRows(from: ClientBase, to: ClientBase): Promise<void> {
  const tables = await tablesOf(from);
  await to.query('BEGIN');
  // The rows come from a database that held every constraint; checking again would ask for an order of the tables.
  await to.query('SET LOCAL session_replication_role = replica');
  // The schema may have brought rows of its own.
  if (tables.size > 0) await to.query(`TRUNCATE ${[...tables.keys()].map(inPublic).join(', ')}`);
  for (const [name, { columns }] of tables) {
    const list = `${inPublic(name)} (${listOf(columns)})`;
    await pipeline(
      from.query(copyTo(`COPY ${list} TO STDOUT`)),
      to.query(copyFrom(`COPY ${list} FROM STDIN`)),
    );
  }
  await copySequences(from, to);
  await to.query('COMMIT');
}

const inPublic = (name: string) => `public.${escapeIdentifier(name)}`;
