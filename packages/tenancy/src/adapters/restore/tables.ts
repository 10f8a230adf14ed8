import { type ClientBase, escapeIdentifier } from '@kyong/postgres';

/** Every table of a tenant's database with the columns that hold data, by name. The ledger of migrations is none of them. */
export type Tables = Map<string, { columns: string[]; key: string[]; times: string[] }>;

export async function tablesOf(client: ClientBase): Promise<Tables> {
  const { rows } = await client.query<{ name: string; columns: string[]; key: string[]; times: string[] }>(
    `SELECT c.relname AS name,
            array_agg(a.attname::text ORDER BY a.attname) AS columns,
            coalesce(array_agg(a.attname::text ORDER BY a.attname) FILTER (WHERE a.attnum = ANY (i.indkey)), '{}') AS key,
            coalesce(array_agg(a.attname::text ORDER BY a.attname)
                       FILTER (WHERE a.atttypid = 'timestamptz'::regtype AND a.attname LIKE '%\\_at'), '{}') AS times
       FROM pg_class c
       JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
       LEFT JOIN pg_index i ON i.indrelid = c.oid AND i.indisprimary
      WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace AND c.relname <> 'schema_migrations'
      GROUP BY c.relname
      ORDER BY c.relname`,
  );
  return new Map(rows.map(({ name, ...table }) => [name, table]));
}

export const listOf = (columns: string[]): string => columns.map(escapeIdentifier).join(', ');

/** One state of the whole database, in which a value is the same text wherever it is read. */
export async function beginReading(client: ClientBase): Promise<void> {
  await client.query(`
    BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;
    SET LOCAL timezone = 'UTC'; SET LOCAL datestyle = 'ISO'; SET LOCAL intervalstyle = 'iso_8601';
    SET LOCAL extra_float_digits = 1; SET LOCAL bytea_output = 'hex'`);
}
