import type {
  OtpLogEntry,
  OtpLogQuery,
  OtpLogStatus,
  OtpLogSummary,
  OtpLogSummaryQuery,
} from '@kyong/contracts';
import type { Pool } from '@kyong/postgres';
import { countByStatus, sumByDay } from './log-summary.ts';

/** What a search is for, beside its words: how an address and a requestId are found without being in the log. */
export interface LogSearch extends Omit<OtpLogQuery, 'q' | 'cursor'> {
  q?: { text: string; recipientHash?: string | undefined; reference?: string | undefined } | undefined;
  /** The last entry of the page before. */
  after?: { requestedAt: string; reference: string } | undefined;
}

interface Row {
  reference: string;
  status: OtpLogStatus;
  channel: OtpLogEntry['channel'];
  purpose: OtpLogEntry['purpose'];
  recipient: string;
  template: string | null;
  provider: string | null;
  provider_message_id: string | null;
  attempts: number;
  segments: number | null;
  cost: string | null;
  currency: string | null;
  failure: string | null;
  requested_at: Date;
  sent_at: Date | null;
  delivered_at: Date | null;
  verified_at: Date | null;
}

/** Newest first. */
export async function searchLog(pool: Pool, search: LogSearch): Promise<OtpLogEntry[]> {
  const { q, after } = search;
  const { rows } = await pool.query<Row>(
    `SELECT * FROM otp_log
     WHERE ($1::timestamptz IS NULL OR requested_at >= $1) AND ($2::timestamptz IS NULL OR requested_at < $2)
       AND ($3::otp_status IS NULL OR status = $3) AND ($4::text IS NULL OR channel = $4)
       AND ($5::text IS NULL OR recipient_hash = $6 OR reference = $7 OR provider_message_id = $5
            OR strpos(lower(recipient), lower($5)) > 0)
       AND ($8::timestamptz IS NULL OR (requested_at, reference) < ($8, $9::uuid))
     ORDER BY requested_at DESC, reference DESC LIMIT $10`,
    [
      search.from ?? null,
      search.to ?? null,
      search.status ?? null,
      search.channel ?? null,
      q?.text ?? null,
      q?.recipientHash ?? null,
      q?.reference ?? null,
      after?.requestedAt ?? null,
      after?.reference ?? null,
      search.limit,
    ],
  );
  return rows.map(toEntry);
}

const time = (at: Date | null) => at?.toISOString() ?? null;

function toEntry(row: Row): OtpLogEntry {
  return {
    reference: row.reference,
    status: row.status,
    channel: row.channel,
    purpose: row.purpose,
    recipient: row.recipient,
    template: row.template,
    provider: row.provider,
    providerMessageId: row.provider_message_id,
    attempts: row.attempts,
    segments: row.segments,
    cost:
      row.cost !== null && row.currency !== null
        ? { amount: Number(row.cost), currency: row.currency }
        : null,
    failure: row.failure,
    requestedAt: row.requested_at.toISOString(),
    sentAt: time(row.sent_at),
    deliveredAt: time(row.delivered_at),
    verifiedAt: time(row.verified_at),
  };
}

/** Counts, conversion and cost of a period. */
export async function summariseLog(
  pool: Pool,
  period: { from: Date; to: Date; channel?: OtpLogSummaryQuery['channel'] },
): Promise<OtpLogSummary> {
  const values = [period.from, period.to, period.channel ?? null];
  const [{ byStatus, costs }, days] = await Promise.all([
    countByStatus(pool, values),
    sumByDay(pool, values),
  ]);
  const total = Object.values(byStatus).reduce((sum, count) => sum + count, 0);
  const taken = total - byStatus.queued - byStatus.expired - byStatus.failed;
  return {
    from: period.from.toISOString(),
    to: period.to.toISOString(),
    total,
    byStatus,
    conversion: taken === 0 ? null : Math.round((byStatus.verified / taken) * 10_000) / 10_000,
    costs,
    days,
  };
}
