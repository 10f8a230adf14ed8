import { escapeIdentifier, type PoolClient, withConnection } from '@kyong/postgres';
import { OperationRefused } from '../../operation.ts';
import type { AdminConnection, Comparison, CopyEnds } from '../../ports.ts';
import { copiedTables } from './tables.ts';

type Client = Pick<PoolClient, 'query'>;

/** A statement has taken longer than it may. */
const queryCanceled = '57014';

/** Rows and a checksum of every table, by its name. */
type Contents = Map<string, { rows: number; checksum: string }>;

/** Reads both databases whole, at the same time, and says where they differ. */
export async function compareCopy(
  { source, target }: CopyEnds,
  waitAtMostSeconds: number,
): Promise<Comparison> {
  const [here, there] = await Promise.all([
    contentsOf(source, waitAtMostSeconds),
    contentsOf(target, waitAtMostSeconds),
  ]).catch((error: { code?: string }) => {
    if (error.code !== queryCanceled) throw error;
    throw new OperationRefused(
      `Comparing the copy with the original takes longer than ${waitAtMostSeconds} seconds, in which the tenant would be shut out. It stays where it is.`,
    );
  });
  const names = [...new Set([...here.keys(), ...there.keys()])];
  return {
    tables: here.size,
    rows: [...here.values()].reduce((sum, { rows }) => sum + rows, 0),
    differences: names.flatMap((table) => {
      const [one, other] = [here.get(table), there.get(table)];
      if (one?.rows === other?.rows && one?.checksum === other?.checksum) return [];
      return [{ table, sourceRows: one?.rows ?? null, targetRows: other?.rows ?? null }];
    }),
  };
}

async function contentsOf(connection: AdminConnection, waitAtMostSeconds: number): Promise<Contents> {
  return withConnection(connection, async (client) => {
    // The text of a value depends on these.
    await client.query(`
      SET timezone = 'UTC'; SET datestyle = 'ISO'; SET intervalstyle = 'iso_8601'; SET extra_float_digits = 1;
      SET bytea_output = 'hex'; SET statement_timeout = '${waitAtMostSeconds}s'`);
    const contents: Contents = new Map();
    for (const { name, identifier } of await copiedTables(client)) {
      const columns = await columnsOf(client, identifier);
      // A sum does not ask for an order, so that nothing is sorted; every row adds 64 bits to it.
      const { rows } = await client.query<{ rows: string; checksum: string }>(
        `SELECT count(*) AS rows, coalesce(sum(hashtextextended(ROW(${columns})::text, 0)), 0)::text AS checksum
           FROM ${identifier}`,
      );
      contents.set(name, { rows: Number(rows[0]?.rows), checksum: rows[0]?.checksum ?? '' });
    }
    return contents;
  });
}

/** By name: their order may differ where one database was migrated later. */
async function columnsOf(client: Client, identifier: string): Promise<string> {
  const { rows } = await client.query<{ attname: string }>(
    `SELECT attname FROM pg_attribute
      WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attname COLLATE "C"`,
    [identifier],
  );
  return rows.map(({ attname }) => escapeIdentifier(attname)).join(', ');
}
