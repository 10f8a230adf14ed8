import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  createSecretKey,
  hkdfSync,
  type KeyObject,
} from 'node:crypto';
import { mailboxOf } from './mailbox.ts';
import { drawBytes } from './random-bytes.ts';
import { keyIdOf, recipientBytes } from './request-id.ts';

const secretBytes = 32;
const cipher = 'aes-256-gcm';
/** Sizes of AES-GCM (NIST SP 800-38D): a 96-bit nonce, a 128-bit tag. */
const nonceBytes = 12;
const tagBytes = 16;

/** Of a keyed hash: nobody can look for another network that has the same. */
const networkBytes = 16;

/** Keys, derived (HKDF, RFC 5869) from one secret so that none can stand in for another. */
interface KeySet {
  /** One byte, by which a request tells under which secret it was made. Says nothing about the secret. */
  id: number;
  recipients: KeyObject;
  networks: KeyObject;
  codes: KeyObject;
  sealing: KeyObject;
}

/**
 * Everything secret about one-time passwords. What leaves this process for the store has gone through here, so that the
 * store holds neither a code nor an address.
 *
 * To change the secret without anybody noticing: first let every process know the new one as a previous one, then put it
 * in front, and take the old one out when the codes and jobs made under it are gone (ten minutes, and the queue is empty).
 * Each recipient's counts begin anew when it is put in front: once, as many sends and wrong codes more as the policy allows.
 *
 * The keys are KeyObjects: OpenSSL prepares a Buffer again at every call, seven times the time.
 */
export class OtpKeys {
  readonly #newest: KeySet;
  readonly #all: KeySet[];

  /**
   * What is new is made under `secret`; what was made under a `previous` one still opens.
   * @throws {RangeError} when a secret has not 32 bytes, or two of them have one id (1 in 256): draw another.
   */
  constructor(secret: Buffer, previous: Buffer[] = []) {
    this.#newest = deriveKeys(secret);
    this.#all = [this.#newest, ...previous.map(deriveKeys)];
    if (new Set(this.#all.map(({ id }) => id)).size < this.#all.length)
      throw new RangeError('Two secrets cannot be told apart. Draw another.');
  }

  /** For the names of new requests. */
  get id(): number {
    return this.#newest.id;
  }

  /** A network as the store knows it beside a recipient: the same one beside another is another text. */
  network(recipient: Buffer, network: string): string {
    return createHmac('sha256', this.#newest.networks)
      .update(recipient)
      .update(network)
      .digest()
      .toString('base64url', 0, networkBytes);
  }

  /**
   * A recipient as the store knows it: 128 bits of a keyed hash, from which no address can be tried out. All addresses of one
   * mailbox are one recipient: they share its limits, and whoever makes up more of them sends no more.
   */
  recipient(to: string): Buffer {
    return createHmac('sha256', this.#newest.recipients)
      .update(mailboxOf(to))
      .digest()
      .subarray(0, recipientBytes);
  }

  /**
   * HMAC-SHA-256 of a code, good for one request only, and with it for one recipient, whose hash is in the request's name.
   * The purpose and the tenant are bound from the other side: what a code grants is sealed for this very hash.
   */
  hashCode(requestId: string, code: string): string {
    const { codes } = this.#keysOf(requestId);
    return createHmac('sha256', codes).update(requestId).update(code).digest('base64url');
  }

  /**
   * Encrypts and authenticates `text`; it opens only for the same `context`.
   * Random nonces allow 2^32 seals under one key (NIST SP 800-38D, 8.3): at ten sends a second, six years.
   */
  seal(context: string, text: string): string {
    const nonce = drawBytes(nonceBytes);
    const sealing = createCipheriv(cipher, this.#newest.sealing, nonce).setAAD(Buffer.from(context));
    const sealed = [sealing.update(text), sealing.final()];
    return Buffer.concat([nonce, ...sealed, sealing.getAuthTag()]).toString('base64url');
  }

  /** The sealed text, or undefined when it was sealed under another key, for another context, or changed since. */
  open(context: string, sealed: string): string | undefined {
    const bytes = Buffer.from(sealed, 'base64url');
    if (bytes.length < nonceBytes + tagBytes) return undefined;
    for (const { sealing } of this.#all) {
      const text = openWith(sealing, context, bytes);
      if (text !== undefined) return text;
    }
    return undefined;
  }

  #keysOf(requestId: string): KeySet {
    if (this.#all.length === 1) return this.#newest;
    const id = keyIdOf(requestId);
    return this.#all.find((keys) => keys.id === id) ?? this.#newest;
  }
}

function deriveKeys(secret: Buffer): KeySet {
  if (secret.length !== secretBytes) throw new RangeError(`The secret has ${secretBytes} bytes.`);
  const derive = (use: string) => Buffer.from(hkdfSync('sha256', secret, '', `kyo otp ${use}`, secretBytes));
  return {
    id: derive('id').readUInt8(),
    recipients: createSecretKey(derive('recipients')),
    networks: createSecretKey(derive('networks')),
    codes: createSecretKey(derive('codes')),
    sealing: createSecretKey(derive('sealing')),
  };
}

function openWith(sealing: KeyObject, context: string, bytes: Buffer): string | undefined {
  const opening = createDecipheriv(cipher, sealing, bytes.subarray(0, nonceBytes))
    .setAAD(Buffer.from(context))
    .setAuthTag(bytes.subarray(-tagBytes));
  const text = opening.update(bytes.subarray(nonceBytes, -tagBytes));
  try {
    return Buffer.concat([text, opening.final()]).toString();
  } catch {
    return undefined;
  }
}
