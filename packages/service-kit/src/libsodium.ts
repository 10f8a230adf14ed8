import { KeyObject } from 'node:crypto';
import type { CryptoKey } from 'jose';
import sodium from 'sodium-native';
import type { VerifySignature } from './access-token.ts';

const raw = new WeakMap<CryptoKey, Buffer>();

/** Verifies by libsodium (ADR 13). Apart from the rest, because a Lambda function's bundle holds no native code. */
export const verifyByLibsodium: VerifySignature = (signed, signature, publicKey) =>
  signature.length === sodium.crypto_sign_BYTES &&
  sodium.crypto_sign_verify_detached(signature, signed, rawKeyOf(publicKey));

/** The 32 bytes of a public key (RFC 8032, 5.1.5). */
function rawKeyOf(publicKey: CryptoKey): Buffer {
  const known = raw.get(publicKey);
  if (known) return known;
  const { x = '' } = KeyObject.from(publicKey).export({ format: 'jwk' });
  const bytes = Buffer.from(x, 'base64url');
  raw.set(publicKey, bytes);
  return bytes;
}
