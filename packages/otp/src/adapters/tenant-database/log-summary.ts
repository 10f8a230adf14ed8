import { type Money, type OtpLogStatus, type OtpLogSummary, otpLogStatus } from '@kyong/contracts';
import type { Pool } from '@kyong/postgres';

const inPeriod = `requested_at >= $1 AND requested_at < $2 AND ($3::text IS NULL OR channel = $3)`;

export async function countByStatus(
  pool: Pool,
  values: unknown[],
): Promise<{ byStatus: Record<OtpLogStatus, number>; costs: Money[] }> {
  const { rows } = await pool.query<{
    status: OtpLogStatus;
    currency: string | null;
    count: number;
    amount: number | null;
  }>(
    `SELECT status, currency, count(*)::int, sum(cost)::float8 AS amount
     FROM otp_log WHERE ${inPeriod} GROUP BY status, currency`,
    values,
  );
  const byStatus = Object.fromEntries(otpLogStatus.options.map((status) => [status, 0])) as Record<
    OtpLogStatus,
    number
  >;
  const costs = new Map<string, number>();
  for (const { status, currency, count, amount } of rows) {
    byStatus[status] += count;
    if (currency !== null) costs.set(currency, (costs.get(currency) ?? 0) + (amount ?? 0));
  }
  return {
    byStatus,
    costs: [...costs]
      .sort(([a], [b]) => a.localeCompare(b))
      .map(([currency, amount]) => ({ currency, amount: Math.round(amount * 1e5) / 1e5 })),
  };
}

/** A day begins when it begins at the gym. */
export async function sumByDay(pool: Pool, values: unknown[]): Promise<OtpLogSummary['days']> {
  const { rows } = await pool.query<OtpLogSummary['days'][number]>(
    `SELECT to_char(requested_at AT TIME ZONE coalesce((SELECT time_zone FROM gym), 'UTC'), 'YYYY-MM-DD') AS day,
       count(*)::int AS total,
       (count(*) FILTER (WHERE status = 'verified'))::int AS verified,
       (count(*) FILTER (WHERE status IN ('failed', 'expired', 'undelivered')))::int AS failed
     FROM otp_log WHERE ${inPeriod} GROUP BY day ORDER BY day`,
    values,
  );
  return rows;
}
