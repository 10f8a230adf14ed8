import { createHash } from 'node:crypto';
import { drawBytes } from './random-bytes.ts';

/** A byte for the secret's id, and 120 bits that nobody guesses (RFC 9562 has 122 for a UUID). */
const nonceBytes = 16;
/** Length of a recipient's hash, see `OtpKeys.recipient`. */
export const recipientBytes = 16;
/** 32 bytes in base64url, without padding. */
const form = /^[\w-]{43}$/;

/**
 * A request's name: the id of the secret it is made under and a nonce, then the keyed hash of the recipient. Whoever
 * verifies finds the recipient's place in the store from it, without a look-up; whoever made the request learns nothing
 * about a recipient they did not name.
 */
export function createRequestId(keyId: number, recipient: Buffer): string {
  const nonce = drawBytes(nonceBytes);
  nonce.writeUInt8(keyId);
  return Buffer.concat([nonce, recipient]).toString('base64url');
}

/** The id of the secret that a request was made under, if it is a request's name at all. */
export function keyIdOf(requestId: string): number | undefined {
  return Buffer.from(requestId.slice(0, 4), 'base64url')[0];
}

/** The recipient's hash in a request's name, or undefined for what cannot be one. */
export function recipientOf(requestId: string): Buffer | undefined {
  if (!form.test(requestId)) return undefined;
  return Buffer.from(requestId, 'base64url').subarray(nonceBytes);
}

/**
 * A request as logs and providers know it: a UUID (version 8, RFC 9562) made from a hash of its name, which cannot be
 * turned back into the name that a code is verified with.
 */
export function sendReference(requestId: string): string {
  const hash = createHash('sha256').update(`kyo otp send ${requestId}`).digest();
  hash.writeUInt8((hash.readUInt8(6) & 0x0f) | 0x80, 6);
  hash.writeUInt8((hash.readUInt8(8) & 0x3f) | 0x80, 8);
  return hash.toString('hex', 0, 16).replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}
