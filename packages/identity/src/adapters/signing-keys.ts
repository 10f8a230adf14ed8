import { randomUUID } from 'node:crypto';
import type { AccessClaims } from '@kyong/contracts';
import type { JWK } from 'jose';
import sodium from 'sodium-native';
import type { TokenSigner } from '../ports.ts';
import { algorithm, type SigningKey } from './signing-key.ts';

export { createSigningKey, type SigningKey } from './signing-key.ts';

export interface SigningKeys extends TokenSigner {
  /** The public halves, for whoever verifies (RFC 7517). */
  publicKeys: { keys: JWK[] };
}

/**
 * How long a key is published before it signs: longer than verifiers keep the keys they know (five minutes) and than a
 * deployment runs old and new instances side by side, which do not know the same keys.
 */
const publicationMilliseconds = 30 * 60_000;

/**
 * A set of keys: the newest that has been published for long enough and is not retired signs, all of them verify. To
 * rotate, add a key; take the old one out when the last token it signed has expired. Nobody notices. To rotate at once,
 * because a key has leaked, retire it as well: the newest that is left signs from then on, and verifiers who have to fetch
 * the keys first may refuse a token meanwhile.
 * @throws {RangeError} when no key can sign.
 */
export async function loadSigningKeys(
  keys: SigningKey[],
  registered: { issuer: string; audience: string; now: () => Date },
): Promise<SigningKeys> {
  const signers = keys
    .filter((key) => !key.retired)
    .sort((a, b) => Date.parse(b.createdAt) - Date.parse(a.createdAt))
    .map(({ kid, createdAt, privateJwk }) => ({
      signsFrom: Date.parse(createdAt) + publicationMilliseconds,
      header: encode({ alg: algorithm, typ: 'at+jwt', kid }),
      secretKey: secretKeyOf(privateJwk),
    }));
  const oldest = signers.at(-1);
  if (!oldest) throw new RangeError('At least one signing key that is not retired is needed.');

  return {
    publicKeys: { keys: keys.map(publicKey) },
    // By hand (RFC 7515, compact form): a library that goes through Web Crypto moves every signature between threads, which
    // takes longer than the signature. libsodium signs in half the time of OpenSSL (ADR 13).
    async sign(claims: AccessClaims, lifetimeSeconds) {
      const now = registered.now().getTime();
      const iat = Math.floor(now / 1000);
      const { header, secretKey } = signers.find(({ signsFrom }) => signsFrom <= now) ?? oldest;
      const { issuer: iss, audience: aud } = registered;
      const payload = encode({ iss, aud, ...claims, jti: randomUUID(), iat, exp: iat + lifetimeSeconds });
      const signed = `${header}.${payload}`;
      const signature = Buffer.alloc(sodium.crypto_sign_BYTES);
      sodium.crypto_sign_detached(signature, Buffer.from(signed), secretKey);
      return `${signed}.${signature.toString('base64url')}`;
    },
  };
}

/**
 * A private key as libsodium has it, in memory that is neither swapped nor dumped. Its public half is computed and not taken
 * from the key set: signatures over another one's would give the private half away.
 */
function secretKeyOf({ d }: SigningKey['privateJwk']): Buffer {
  const secretKey = sodium.sodium_malloc(sodium.crypto_sign_SECRETKEYBYTES);
  const publicKey = Buffer.alloc(sodium.crypto_sign_PUBLICKEYBYTES);
  sodium.crypto_sign_seed_keypair(publicKey, secretKey, Buffer.from(d, 'base64url'));
  return secretKey;
}

function encode(part: object): string {
  return Buffer.from(JSON.stringify(part)).toString('base64url');
}

function publicKey({ kid, privateJwk: { kty, crv, x } }: SigningKey): JWK {
  return { kty, crv, x, kid, alg: algorithm, use: 'sig' };
}
