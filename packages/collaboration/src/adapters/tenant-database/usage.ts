import type { Pool } from '@kyong/postgres';

export async function countDocuments(pool: Pool): Promise<number> {
  const { rows } = await pool.query<{ count: number }>('SELECT count(*)::integer AS count FROM documents');
  return rows[0]?.count ?? 0;
}

/** Of everything in the gym's database, indexes and what is to be vacuumed among it. */
export async function readDatabaseBytes(pool: Pool): Promise<number> {
  const { rows } = await pool.query<{ bytes: string }>(
    'SELECT pg_database_size(current_database()) AS bytes',
  );
  return Number(rows[0]?.bytes);
}
