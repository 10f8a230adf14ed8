import { type Pool, type TenantPools, transaction } from '@kyong/postgres';
import { type LogReport, type OtpLog, type ReceiptReport, TenantUnknown } from '../../log.ts';
import { type LogRow, rowsOf } from './log-row.ts';

export interface TenantDatabases {
  pools: TenantPools;
  /** Whether an error of the pools says that there is no such tenant. */
  isUnknown: (error: unknown) => boolean;
}

/** The tenants' logs, each in the tenant's own database. */
export function tenantLog({ pools, isUnknown }: TenantDatabases): OtpLog {
  return {
    async record(tenantId, reports) {
      try {
        return await pools.use(tenantId, (pool) => write(pool, reports));
      } catch (error) {
        if (isUnknown(error)) throw new TenantUnknown(`There is no tenant ${tenantId}.`, { cause: error });
        throw error;
      }
    },
  };
}

const columns = `
  reference uuid, status otp_status, channel text, purpose text, recipient text, recipient_hash text, template text,
  provider text, provider_message_id text, attempts integer, segments integer, cost numeric, currency char(3),
  failure text, requested_at timestamptz, sent_at timestamptz, verified_at timestamptz`;
const names = columns.split(',').map((column) => column.trim().split(/\s+/)[0]);

/** A failure is of the send as a whole: once it is sent after all, it has none. */
const upsert = `
  INSERT INTO otp_log AS known (${names})
  SELECT ${names} FROM jsonb_to_recordset($1) AS reported (${columns})
  ON CONFLICT (reference) DO UPDATE SET
    status = greatest(known.status, excluded.status),
    attempts = greatest(known.attempts, excluded.attempts),
    template = coalesce(excluded.template, known.template),
    provider = coalesce(excluded.provider, known.provider),
    provider_message_id = coalesce(excluded.provider_message_id, known.provider_message_id),
    segments = coalesce(excluded.segments, known.segments),
    cost = coalesce(known.cost, excluded.cost),
    currency = coalesce(known.currency, excluded.currency),
    failure = CASE WHEN greatest(known.status, excluded.status) IN ('sent', 'delivered', 'verified') THEN NULL
                   ELSE coalesce(excluded.failure, known.failure) END,
    sent_at = coalesce(known.sent_at, excluded.sent_at),
    verified_at = coalesce(known.verified_at, excluded.verified_at)`;

const receive = `
  UPDATE otp_log SET
    status = greatest(status, $2::otp_status),
    failure = CASE WHEN greatest(status, $2::otp_status) = 'undelivered' THEN $3 ELSE NULL END,
    delivered_at = CASE WHEN $2 = 'delivered' THEN coalesce(delivered_at, $4) ELSE delivered_at END,
    cost = coalesce($5, cost),
    currency = coalesce($6, currency)
  WHERE reference = $1`;

async function write(pool: Pool, reports: LogReport[]): Promise<ReceiptReport[]> {
  const rows: LogRow[] = rowsOf(reports);
  const receipts = reports.filter((report) => report.kind === 'receipt');
  return transaction(pool, async (client) => {
    if (rows.length > 0) await client.query(upsert, [JSON.stringify(rows)]);
    const missing: ReceiptReport[] = [];
    for (const receipt of receipts) {
      const { reference, status, failure, at, cost } = receipt;
      const values = [reference, status, failure ?? null, at, cost?.amount ?? null, cost?.currency ?? null];
      const { rowCount } = await client.query(receive, values);
      if (rowCount === 0) missing.push(receipt);
    }
    return missing;
  });
}
