import { randomUUID } from 'node:crypto';
import type { AccessClaims } from '@kyong/contracts';
import { calculateJwkThumbprint, exportJWK, generateKeyPair, importJWK, type JWK, SignJWT } from 'jose';
import type { TokenSigner } from '../ports.ts';

/** The private half of a key that access tokens are signed with (Ed25519, RFC 8037): a secret. */
export interface SigningKey {
  kid: string;
  privateJwk: { kty: 'OKP'; crv: 'Ed25519'; x: string; d: string };
  /** RFC 3339. */
  createdAt: string;
  /** Signs no longer; what it signed is still good. */
  retired?: boolean;
}

export interface SigningKeys extends TokenSigner {
  /** The public halves, for whoever verifies (RFC 7517). */
  publicKeys: { keys: JWK[] };
}

const algorithm = 'EdDSA';

/** Makes a key, named by its thumbprint (RFC 7638). */
export async function createSigningKey(now: Date): Promise<SigningKey> {
  const { privateKey } = await generateKeyPair(algorithm, { crv: 'Ed25519', extractable: true });
  const jwk = await exportJWK(privateKey);
  const kid = await calculateJwkThumbprint(jwk);
  return { kid, privateJwk: jwk as SigningKey['privateJwk'], createdAt: now.toISOString() };
}

/**
 * A set of keys: the newest that is not retired signs, all of them verify. To rotate, add a key; take the old one out when
 * the last token it signed has expired. Nobody notices.
 * @throws {RangeError} when no key can sign.
 */
export async function loadSigningKeys(
  keys: SigningKey[],
  registered: { issuer: string; audience: string; now: () => Date },
): Promise<SigningKeys> {
  const newest = keys
    .filter((key) => !key.retired)
    .sort((a, b) => Date.parse(b.createdAt) - Date.parse(a.createdAt))[0];
  if (!newest) throw new RangeError('At least one signing key that is not retired is needed.');
  const privateKey = await importJWK(newest.privateJwk, algorithm);
  const header = { alg: algorithm, typ: 'at+jwt', kid: newest.kid };

  return {
    publicKeys: { keys: keys.map(publicKey) },
    sign({ sub, ...claims }: AccessClaims, lifetimeSeconds) {
      const issuedAt = Math.floor(registered.now().getTime() / 1000);
      return new SignJWT(claims)
        .setProtectedHeader(header)
        .setIssuer(registered.issuer)
        .setAudience(registered.audience)
        .setSubject(sub)
        .setJti(randomUUID())
        .setIssuedAt(issuedAt)
        .setExpirationTime(issuedAt + lifetimeSeconds)
        .sign(privateKey);
    },
  };
}

function publicKey({ kid, privateJwk: { kty, crv, x } }: SigningKey): JWK {
  return { kty, crv, x, kid, alg: algorithm, use: 'sig' };
}
