import { type OtpLogStatus, otpLogStatus } from '@kyong/contracts';
import type { LogReport, SendReport, VerifiedReport } from '../../log.ts';

/** One row of `otp_log` as the reports know it; what they do not know is null and leaves the row as it is. */
export interface LogRow {
  reference: string;
  status: OtpLogStatus;
  channel: string;
  purpose: string;
  recipient: string;
  recipient_hash: string;
  template: string | null;
  provider: string | null;
  provider_message_id: string | null;
  attempts: number;
  segments: number | null;
  cost: number | null;
  currency: string | null;
  failure: string | null;
  requested_at: string;
  sent_at: string | null;
  verified_at: string | null;
}

const rank = (status: OtpLogStatus) => otpLogStatus.options.indexOf(status);

/**
 * One row a send, whatever number of reports there is of it: a statement may change a row once. In the order of their
 * keys, so that two writers never wait for each other.
 */
export function rowsOf(reports: LogReport[]): LogRow[] {
  const rows = new Map<string, LogRow>();
  for (const report of reports) {
    if (report.kind === 'receipt') continue;
    const row = report.kind === 'send' ? sendRow(report) : verifiedRow(report);
    const other = rows.get(row.reference);
    rows.set(row.reference, other ? merge(other, row) : row);
  }
  return [...rows.values()].sort((a, b) => (a.reference < b.reference ? -1 : 1));
}

function beginning({ entry }: SendReport | VerifiedReport) {
  const { reference, channel, purpose, recipient, recipientHash, requestedAt } = entry;
  return { reference, channel, purpose, recipient, recipient_hash: recipientHash, requested_at: requestedAt };
}

function sendRow(report: SendReport): LogRow {
  return {
    ...beginning(report),
    status: report.status,
    template: report.template ?? null,
    provider: report.provider ?? null,
    provider_message_id: report.providerMessageId ?? null,
    attempts: report.attempts,
    segments: report.segments ?? null,
    cost: report.cost?.amount ?? null,
    currency: report.cost?.currency ?? null,
    failure: report.failure ?? null,
    sent_at: report.status === 'sent' ? report.at : null,
    verified_at: null,
  };
}

function verifiedRow(report: VerifiedReport): LogRow {
  return {
    ...beginning(report),
    status: 'verified',
    template: null,
    provider: null,
    provider_message_id: null,
    attempts: 0,
    segments: null,
    cost: null,
    currency: null,
    failure: null,
    sent_at: null,
    verified_at: report.at,
  };
}

function merge(a: LogRow, b: LogRow): LogRow {
  const known = Object.fromEntries(Object.entries(b).filter(([, value]) => value !== null));
  return {
    ...a,
    ...known,
    status: rank(a.status) > rank(b.status) ? a.status : b.status,
    attempts: Math.max(a.attempts, b.attempts),
  };
}
