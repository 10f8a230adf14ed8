import type { Pool } from '@kyong/postgres';

/** How many codes the gym has asked to be sent by SMS since `from`, by its own log. */
export async function countSms(pool: Pool, from: Date): Promise<number> {
  const { rows } = await pool.query<{ count: number }>(
    "SELECT count(*)::int FROM otp_log WHERE channel = 'sms' AND requested_at >= $1",
    [from],
  );
  return rows[0]?.count ?? 0;
}
