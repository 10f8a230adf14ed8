import { randomBytes } from 'node:crypto';

/** 128 bits that nobody guesses (RFC 9562 has 122 for a UUID). */
const nonceBytes = 16;
/** Length of a recipient's hash, see `OtpKeys.recipient`. */
export const recipientBytes = 16;
/** 32 bytes in base64url, without padding. */
const form = /^[\w-]{43}$/;

/**
 * A request's name: a nonce, then the keyed hash of the recipient. Whoever verifies finds the recipient's place in the
 * store from it, without a look-up; whoever made the request learns nothing about a recipient they did not name.
 */
export function createRequestId(recipient: Buffer): string {
  return Buffer.concat([randomBytes(nonceBytes), recipient]).toString('base64url');
}

/** The recipient's hash in a request's name, or undefined for what cannot be one. */
export function recipientOf(requestId: string): Buffer | undefined {
  if (!form.test(requestId)) return undefined;
  return Buffer.from(requestId, 'base64url').subarray(nonceBytes);
}
