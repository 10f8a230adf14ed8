import { setTimeout as sleep } from 'node:timers/promises';
import { withConnection } from '@kyong/postgres';
import { OperationRefused } from '../../operation.ts';
import type { CopyEnds, CopyProgress } from '../../ports.ts';
import { copySequences } from '../sequences.ts';

/** What the target lacks so far; a target this near catches up in a moment. */
const nearBytes = 1024 * 1024;

export async function copyProgress({ name, source, target }: CopyEnds): Promise<CopyProgress> {
  const { copied, tables } = await withConnection(target, async (client) => {
    const { rows } = await client.query<{ copied: number; tables: number }>(
      `SELECT count(*) FILTER (WHERE r.srsubstate = 'r')::int AS copied, count(*)::int AS tables
         FROM pg_subscription s
         JOIN pg_database d ON d.oid = s.subdbid AND d.datname = current_database()
         JOIN pg_subscription_rel r ON r.srsubid = s.oid
        WHERE s.subname = $1`,
      [name],
    );
    return rows[0] ?? { copied: 0, tables: 0 };
  });
  const behindBytes = await withConnection(source, async (client) => {
    const { rows } = await client.query<{ behind: string | null }>(
      `SELECT pg_current_wal_lsn() - confirmed_flush_lsn AS behind
         FROM pg_replication_slots WHERE slot_name = $1 AND wal_status <> 'lost'`,
      [name],
    );
    if (rows[0]?.behind == null) {
      throw new OperationRefused(
        'The copy fell so far behind that the log it needs is gone. Try again when the tenant is less busy.',
      );
    }
    return Number(rows[0].behind);
  });
  const complete = tables > 0 && copied === tables && behindBytes < nearBytes;
  const behind = `${(behindBytes / nearBytes).toFixed(1)} MiB behind`;
  return { complete, detail: `${copied} of ${tables} tables copied, ${behind}` };
}

const lookEveryMilliseconds = 20;

/**
 * Waits until the target has all that the source, which nobody writes to any more, has committed; then brings the sequences
 * after, which are not replicated. False when that takes longer.
 */
export async function catchUp(
  { name, source, target }: CopyEnds,
  waitAtMostSeconds: number,
): Promise<boolean> {
  const caughtUp = await withConnection(source, async (client) => {
    // Its commit is waited for until it is on the disk, and with it all commits before it, also those that were not.
    await client.query("SELECT pg_logical_emit_message(true, 'kyo', 'end')");
    const { rows } = await client.query<{ end: string }>('SELECT pg_current_wal_flush_lsn()::text AS end');
    for (let waited = 0; waited < waitAtMostSeconds * 1000; waited += lookEveryMilliseconds) {
      const { rowCount } = await client.query(
        'SELECT FROM pg_replication_slots WHERE slot_name = $1 AND confirmed_flush_lsn >= $2::pg_lsn',
        [name, rows[0]?.end],
      );
      if (rowCount === 1) return true;
      await sleep(lookEveryMilliseconds);
    }
    return false;
  });
  if (caughtUp)
    await withConnection(source, (from) => withConnection(target, (to) => copySequences(from, to)));
  return caughtUp;
}
