import type { Pool } from '@kyong/postgres';

/** Segments of the SMS that the gym has asked for since `from`, by its own log; one for what was not sent yet, or never. */
export async function countSms(pool: Pool, from: Date): Promise<number> {
  const { rows } = await pool.query<{ count: number }>(
    "SELECT coalesce(sum(coalesce(segments, 1)), 0)::int AS count FROM otp_log WHERE channel = 'sms' AND requested_at >= $1",
    [from],
  );
  return rows[0]?.count ?? 0;
}
