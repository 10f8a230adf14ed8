import type { Pool } from '@kyong/postgres';

const batch = 1_000;
/** A sweep takes so many batches of one tenant at most; the next one goes on. */
const maxBatches = 20;

/**
 * Deletes what was requested before `before`, in batches, each of which locks little and ends soon.
 * @returns how many rows.
 */
export async function forgetLog(pool: Pool, before: Date): Promise<number> {
  let deleted = 0;
  for (let n = 0; n < maxBatches; n += 1) {
    const { rowCount } = await pool.query(
      `DELETE FROM otp_log WHERE reference IN
         (SELECT reference FROM otp_log WHERE requested_at < $1 ORDER BY requested_at LIMIT ${batch})`,
      [before],
    );
    deleted += rowCount ?? 0;
    if ((rowCount ?? 0) < batch) break;
  }
  return deleted;
}
