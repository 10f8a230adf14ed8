import { type ClientBase, type Connection, escapeIdentifier, withConnection } from '@kyong/postgres';
import type { DatabaseReservation } from '../../tenant.ts';

/**
 * A restored server holds the tenant's database under the name it had, and logins whose passwords are those of that time.
 * The database gets its new name; the logins go, for those of today are made anew. Safe to repeat.
 * @param server a way to its `postgres` database.
 */
export async function takeOverRestored(
  server: Connection,
  source: DatabaseReservation,
  target: DatabaseReservation,
): Promise<void> {
  await withConnection(server, async (client) => {
    const [from, to] = [source.databaseName, target.databaseName];
    const { rowCount: renamed } = await client.query('SELECT FROM pg_database WHERE datname = $1', [to]);
    if (!renamed)
      await client.query(`ALTER DATABASE ${escapeIdentifier(from)} RENAME TO ${escapeIdentifier(to)}`);
  });
  await withConnection({ ...server, database: target.databaseName }, (client) =>
    dropFormerRoles(client, source, target),
  );
}

async function dropFormerRoles(
  client: ClientBase,
  source: DatabaseReservation,
  target: DatabaseReservation,
): Promise<void> {
  const { rows } = await client.query<{ rolname: string }>(
    "SELECT rolname FROM pg_roles WHERE starts_with(rolname, $1 || '_') AND NOT starts_with(rolname, $2 || '_')",
    [source.databaseName, target.databaseName],
  );
  for (const { rolname } of rows) {
    const role = escapeIdentifier(rolname);
    // On RDS the master user made the role, which lets it give the role away, not yet act as it.
    await client.query(`GRANT ${role} TO CURRENT_USER`);
    await client.query(`DROP OWNED BY ${role}`);
    await client.query(`DROP ROLE ${role}`);
  }
}
