import { randomBytes } from 'node:crypto';
import { type Connection, createPool, migrate, type Pool, withConnection } from '@kyong/postgres';
import { inject, onTestFinished } from 'vitest';

export interface TestDatabase {
  connection: Connection;
  pool: Pool;
}

/** An empty database of its own for one test, migrated from `migrations` if given, dropped when the test ends. */
export async function createTestDatabase(migrations?: string): Promise<TestDatabase> {
  const server = inject('postgres');
  const name = `test_${randomBytes(6).toString('hex')}`;
  const administration = { ...server, database: 'postgres' };
  await withConnection(administration, (client) => client.query(`CREATE DATABASE ${name}`));
  const connection = { ...server, database: name };
  const pool = createPool(connection, { maxConnections: 20, idleTimeoutSeconds: 10 }, () => {});
  onTestFinished(async () => {
    await pool.end();
    await withConnection(administration, (client) => client.query(`DROP DATABASE ${name} WITH (FORCE)`));
  });
  if (migrations) await withConnection(connection, (client) => migrate(client, migrations));
  return { connection, pool };
}
