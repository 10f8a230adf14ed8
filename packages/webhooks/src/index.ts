import { createHmac, timingSafeEqual } from 'node:crypto';

/** What a webhook's receiver is told beside the payload (Standard Webhooks 1.0). */
export interface WebhookMessage {
  /** The same at every try, so that a receiver knows what it has already. */
  id: string;
  sentAt: Date;
  payload: string;
}

/** The headers that let a receiver check who sent it, when, and that nothing was changed. */
export function signedHeaders(secret: string, message: WebhookMessage): Record<string, string> {
  return {
    'content-type': 'application/json',
    'webhook-id': message.id,
    'webhook-timestamp': timestampOf(message),
    'webhook-signature': sign(secret, message),
  };
}

/** Whether the signature is ours; for receivers, and for tests. */
export function isSignedBy(secret: string, message: WebhookMessage, signature: string): boolean {
  const [expected, given] = [Buffer.from(sign(secret, message)), Buffer.from(signature)];
  return expected.length === given.length && timingSafeEqual(expected, given);
}

/** `v1,` and the HMAC-SHA-256 of id, timestamp and payload. `secret` is `whsec_` and the key in base64. */
function sign(secret: string, message: WebhookMessage): string {
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
  const content = `${message.id}.${timestampOf(message)}.${message.payload}`;
  return `v1,${createHmac('sha256', key).update(content).digest('base64')}`;
}

function timestampOf({ sentAt }: WebhookMessage): string {
  return String(Math.floor(sentAt.getTime() / 1000));
}
