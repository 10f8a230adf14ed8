import { calculateJwkThumbprint, exportJWK, generateKeyPair } from 'jose';

/** The private half of a key that access tokens are signed with (Ed25519, RFC 8037): a secret. */
export interface SigningKey {
  kid: string;
  privateJwk: { kty: 'OKP'; crv: 'Ed25519'; x: string; d: string };
  /** RFC 3339. */
  createdAt: string;
  /** Signs no longer; what it signed is still good. */
  retired?: boolean;
}

export const algorithm = 'EdDSA';

/** Makes a key, named by its thumbprint (RFC 7638). */
export async function createSigningKey(now: Date): Promise<SigningKey> {
  const { privateKey } = await generateKeyPair(algorithm, { crv: 'Ed25519', extractable: true });
  const jwk = await exportJWK(privateKey);
  const kid = await calculateJwkThumbprint(jwk);
  return { kid, privateJwk: jwk as SigningKey['privateJwk'], createdAt: now.toISOString() };
}
