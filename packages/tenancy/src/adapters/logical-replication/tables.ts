import { escapeIdentifier, type PoolClient } from '@kyong/postgres';

type Client = Pick<PoolClient, 'query'>;

export interface CopiedTable {
  name: string;
  /** Quoted, with its schema. */
  identifier: string;
  hasPrimaryKey: boolean;
}

/** Every table but the ledger of migrations: both databases are migrated, to the same version. In order of their names. */
export async function copiedTables(client: Client): Promise<CopiedTable[]> {
  const { rows } = await client.query<{ schema: string; name: string; has_primary_key: boolean }>(
    `SELECT n.nspname AS schema, c.relname AS name,
            EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.oid AND i.indisprimary) AS has_primary_key
       FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE c.relkind = 'r' AND n.nspname = 'public' AND c.relname <> 'schema_migrations'
      ORDER BY c.relname COLLATE "C"`,
  );
  return rows.map(({ schema, name, has_primary_key }) => ({
    name,
    identifier: `${escapeIdentifier(schema)}.${escapeIdentifier(name)}`,
    hasPrimaryKey: has_primary_key,
  }));
}

/** Subscriptions are seen from every database of a server; only those of the one we are in count. */
export async function subscriptionExists(client: Client, name: string): Promise<boolean> {
  const { rowCount } = await client.query(
    `SELECT FROM pg_subscription s JOIN pg_database d ON d.oid = s.subdbid
      WHERE s.subname = $1 AND d.datname = current_database()`,
    [name],
  );
  return rowCount === 1;
}
