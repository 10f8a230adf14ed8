import type { Channel, Money, OtpLogStatus, OtpPurpose } from '@kyong/contracts';
import { maskRecipient } from './mask.ts';
import { sendReference } from './request-id.ts';

/** What the log says of a send from the beginning. Of its address it holds a masked form and a keyed hash. */
export interface LogEntry {
  tenantId: string;
  reference: string;
  channel: Channel;
  purpose: OtpPurpose;
  recipient: string;
  recipientHash: string;
  /** RFC 3339, as all times here. */
  requestedAt: string;
}

/** Where a send stands, from the worker. */
export interface SendReport {
  kind: 'send';
  entry: LogEntry;
  at: string;
  status: Extract<OtpLogStatus, 'queued' | 'expired' | 'failed' | 'sent'>;
  attempts: number;
  template?: string | undefined;
  provider?: string | undefined;
  providerMessageId?: string | undefined;
  segments?: number | undefined;
  cost?: Money | undefined;
  /** A stable word, never a provider's text. */
  failure?: string | undefined;
}

/** The code was used. */
export interface VerifiedReport {
  kind: 'verified';
  entry: LogEntry;
  at: string;
}

/** What a provider says later. */
export interface ReceiptReport {
  kind: 'receipt';
  tenantId: string;
  reference: string;
  at: string;
  status: Extract<OtpLogStatus, 'undelivered' | 'delivered'>;
  cost?: Money | undefined;
  failure?: string | undefined;
}

export type LogReport = SendReport | VerifiedReport | ReceiptReport;

/** The logs of the tenants. */
export interface OtpLog {
  /**
   * Writes what happened. In any order, and the same report again changes nothing.
   * @returns the receipts whose send the log does not know, or not yet.
   * @throws {TenantUnknown} when there is no such tenant and will be none; anything else when its log is away.
   */
  record(tenantId: string, reports: LogReport[]): Promise<ReceiptReport[]>;
}

export class TenantUnknown extends Error {
  override name = 'TenantUnknown';
}

export const logContext = 'log';

/** The beginning of a log entry. A send without a tenant has none: whose log would it be in? */
export function createLogEntry(send: {
  tenantId?: string | undefined;
  requestId: string;
  channel: Channel;
  purpose: OtpPurpose;
  to: string;
  recipient: Buffer;
  requestedAt: Date;
}): LogEntry | undefined {
  if (send.tenantId === undefined) return undefined;
  return {
    tenantId: send.tenantId,
    reference: sendReference(send.requestId),
    channel: send.channel,
    purpose: send.purpose,
    recipient: maskRecipient(send.channel, send.to),
    recipientHash: send.recipient.toString('base64url'),
    requestedAt: send.requestedAt.toISOString(),
  };
}

export function tenantOf(report: LogReport): string {
  return report.kind === 'receipt' ? report.tenantId : report.entry.tenantId;
}
