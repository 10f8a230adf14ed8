import type { OtpKeys } from './keys.ts';
import type { LogEntry } from './log.ts';

const receiptContext = 'receipt';

/**
 * What a provider is given with a message and gives back with its receipt: sealed, so that only a receipt for a message of
 * ours is believed, and short, since it stands in a URL.
 */
export function createReceiptToken(keys: OtpKeys, { tenantId, reference, recipientHash }: LogEntry): string {
  return keys.seal(receiptContext, [tenantId, reference.replaceAll('-', ''), recipientHash].join(' '));
}

export interface ReceiptSubject {
  tenantId: string;
  reference: string;
  /** Finds the place where the rest about the send lies. */
  recipient: Buffer;
}

export function openReceiptToken(keys: OtpKeys, token: string): ReceiptSubject | undefined {
  const [tenantId, hex, recipientHash] = keys.open(receiptContext, token)?.split(' ') ?? [];
  if (tenantId === undefined || hex === undefined || recipientHash === undefined) return undefined;
  return {
    tenantId,
    reference: hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-'),
    recipient: Buffer.from(recipientHash, 'base64url'),
  };
}
