import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  createSecretKey,
  hkdfSync,
  type KeyObject,
  randomBytes,
} from 'node:crypto';
import { recipientBytes } from './request-id.ts';

const secretBytes = 32;
const cipher = 'aes-256-gcm';
/** Sizes of AES-GCM (NIST SP 800-38D): a 96-bit nonce, a 128-bit tag. */
const nonceBytes = 12;
const tagBytes = 16;

/**
 * Everything secret about one-time passwords: three keys, derived (HKDF, RFC 5869) from one secret so that none can stand
 * in for another. What leaves this process for the store has gone through here, so that the store holds neither a code
 * nor an address. A new secret makes the codes under way worthless and nothing else.
 *
 * The keys are KeyObjects: OpenSSL prepares a Buffer again at every call, seven times the time.
 */
export class OtpKeys {
  readonly #recipients: KeyObject;
  readonly #codes: KeyObject;
  readonly #sealing: KeyObject;

  /** @throws {RangeError} when the secret has not 32 bytes. */
  constructor(secret: Buffer) {
    if (secret.length !== secretBytes) throw new RangeError(`The secret has ${secretBytes} bytes.`);
    const derive = (use: string) =>
      createSecretKey(Buffer.from(hkdfSync('sha256', secret, '', `kyo otp ${use}`, secretBytes)));
    this.#recipients = derive('recipients');
    this.#codes = derive('codes');
    this.#sealing = derive('sealing');
  }

  /** A recipient as the store knows it: 128 bits of a keyed hash, from which no address can be tried out. */
  recipient(to: string): Buffer {
    return createHmac('sha256', this.#recipients).update(to).digest().subarray(0, recipientBytes);
  }

  /**
   * HMAC-SHA-256 of a code, good for one request only, and with it for one recipient, whose hash is in the request's name.
   * The purpose and the tenant are bound from the other side: what a code grants is sealed for this very hash.
   */
  hashCode(requestId: string, code: string): string {
    return createHmac('sha256', this.#codes).update(requestId).update(code).digest('base64url');
  }

  /**
   * Encrypts and authenticates `text`; it opens only for the same `context`.
   * Random nonces allow 2^32 seals under one key (NIST SP 800-38D, 8.3): at ten sends a second, six years.
   */
  seal(context: string, text: string): string {
    const nonce = randomBytes(nonceBytes);
    const sealing = createCipheriv(cipher, this.#sealing, nonce).setAAD(Buffer.from(context));
    const sealed = [sealing.update(text), sealing.final()];
    return Buffer.concat([nonce, ...sealed, sealing.getAuthTag()]).toString('base64url');
  }

  /** The sealed text, or undefined when it was sealed under another key, for another context, or changed since. */
  open(context: string, sealed: string): string | undefined {
    const bytes = Buffer.from(sealed, 'base64url');
    if (bytes.length < nonceBytes + tagBytes) return undefined;
    const opening = createDecipheriv(cipher, this.#sealing, bytes.subarray(0, nonceBytes))
      .setAAD(Buffer.from(context))
      .setAuthTag(bytes.subarray(-tagBytes));
    const text = opening.update(bytes.subarray(nonceBytes, -tagBytes));
    try {
      return Buffer.concat([text, opening.final()]).toString();
    } catch {
      return undefined;
    }
  }
}
