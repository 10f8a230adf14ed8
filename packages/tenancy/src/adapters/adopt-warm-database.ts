import { type ClientBase, escapeIdentifier } from '@kyong/postgres';
import type { DatabaseReservation } from '../tenant.ts';
import { formerName } from '../warm-pool/warm-database.ts';

/**
 * Gives a warm database its tenant's name; whether the tenant has a database now, of whatever origin. Safe to repeat.
 * @param client in another database of the server.
 */
export async function adoptWarmDatabase(
  client: ClientBase,
  reservation: DatabaseReservation,
): Promise<boolean> {
  const [from, to] = [formerName(reservation), reservation.databaseName];
  const { rows } = await client.query<{ datname: string }>(
    'SELECT datname FROM pg_database WHERE datname IN ($1, $2)',
    [from, to],
  );
  const there = rows.map(({ datname }) => datname);
  if (from === undefined || there.includes(to) || !there.includes(from)) return there.includes(to);
  await client.query(`ALTER DATABASE ${escapeIdentifier(from)} RENAME TO ${escapeIdentifier(to)}`);
  return true;
}
