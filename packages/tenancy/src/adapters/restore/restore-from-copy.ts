import { escapeIdentifier, withConnection } from '@kyong/postgres';
import { OperationRefused } from '../../operation.ts';
import type { AdminConnection } from '../../ports.ts';
import type { DatabaseReservation } from '../../tenant.ts';
import { copyDatabase } from './copy-database.ts';
import type { ServerCopies } from './server-copies.ts';

/** What is being copied has another name until it is complete: whoever finds the target finds all of it. */
export const draftOf = ({ databaseName }: Pick<DatabaseReservation, 'databaseName'>) =>
  `${databaseName}_draft`;

/**
 * Takes one tenant's database out of a copy of the shared server as it was at `to`, into a new database on the live server,
 * where the other tenants are served all the time.
 */
export async function restoreFromCopy(
  server: { admin: AdminConnection; copies: ServerCopies },
  source: DatabaseReservation,
  target: DatabaseReservation,
  to: Date,
): Promise<{ done: boolean; detail: string }> {
  const { admin, copies } = server;
  if (await hasDatabase(admin, target.databaseName)) {
    await copies.close(target);
    return { done: true, detail: 'copied' };
  }
  const copy = await copies.open(target, to);
  if ('detail' in copy) return { done: false, detail: copy.detail };
  if (!(await hasDatabase(copy.admin, source.databaseName))) {
    throw new OperationRefused('At that time the tenant did not live in this database. Choose a later time.');
  }
  const draft = draftOf(target);
  if (!(await hasDatabase(admin, draft))) {
    await withConnection(admin, (client) =>
      client.query(`CREATE DATABASE ${escapeIdentifier(draft)} TEMPLATE template0`),
    );
  }
  const { tables, rows } = await copyDatabase(
    { ...copy.admin, database: source.databaseName },
    { ...admin, database: draft },
  );
  await withConnection(admin, (client) =>
    client.query(
      `ALTER DATABASE ${escapeIdentifier(draft)} RENAME TO ${escapeIdentifier(target.databaseName)}`,
    ),
  );
  await copies.close(target);
  return { done: true, detail: `${rows} rows in ${tables} tables copied and compared` };
}

const hasDatabase = (server: AdminConnection, name: string) =>
  withConnection(server, async (client) => {
    const { rowCount } = await client.query('SELECT FROM pg_database WHERE datname = $1', [name]);
    return rowCount === 1;
  });
