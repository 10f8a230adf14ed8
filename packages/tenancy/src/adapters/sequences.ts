import { type ClientBase, escapeLiteral } from '@kyong/postgres';

type Client = Pick<ClientBase, 'query'>;

/**
 * Lets every sequence go on in `to` where it stands in `from`, those of identity columns among them: what copies rows brings
 * none of that along. Both have the same ones, and nobody draws from them meanwhile. Each has a ledger of migrations of its
 * own, and with it the sequence of that. Safe to repeat.
 */
export async function copySequences(from: Client, to: Client): Promise<void> {
  const { rows: sequences } = await from.query<{ identifier: string }>(
    `SELECT format('%I.%I', schemaname, sequencename) AS identifier
       FROM pg_sequences WHERE sequencename <> 'schema_migrations_id_seq'`,
  );
  if (sequences.length === 0) return;
  // Asked of each itself: `pg_sequences` has no value of one that was set to begin somewhere and has not begun.
  const states = sequences.map(
    ({ identifier }) =>
      `SELECT ${escapeLiteral(identifier)} AS identifier, last_value::text AS value, is_called FROM ${identifier}`,
  );
  const { rows } = await from.query<{ identifier: string; value: string; is_called: boolean }>(
    states.join(' UNION ALL '),
  );
  const statements = rows.map(
    ({ identifier, value, is_called }) =>
      `SELECT setval(${escapeLiteral(identifier)}, ${value}, ${is_called})`,
  );
  await to.query(statements.join(';'));
}
