import { type Connection, createPool, type Pool, withConnection } from '@kyong/postgres';
import { onTestFinished } from 'vitest';
import {
  ensureProgramLogin,
  grantToPrograms,
  nextLoginName,
  type Program,
} from '../src/adapters/master-database/index.ts';

/** A test's master database as a program gets into it: under a login of its own, with its rights and no others. */
export async function openAs(
  program: Program,
  master: Connection,
): Promise<{ pool: Pool; connection: Connection }> {
  const name = nextLoginName(master.database, program);
  // The same for all who open it in a test.
  const login = { name, password: name, connectionLimit: -1 };
  await withConnection(master, async (client) => {
    await grantToPrograms(client, master.database);
    await ensureProgramLogin(client, master.database, program, login);
  });
  const connection = { ...master, user: login.name, password: login.password };
  const pool = createPool(connection, { maxConnections: 20, idleTimeoutSeconds: 10 }, () => {});
  onTestFinished(() => pool.end());
  return { pool, connection };
}
