import { KeyObject, verify } from 'node:crypto';
import { accessClaims } from '@kyong/contracts';
import { type CryptoKey, createRemoteJWKSet } from 'jose';
import { LRUCache } from 'lru-cache';
import { z } from 'zod';
import { Problem } from './problem.ts';

/**
 * Who is calling: the verified claims of an access token, and until when they hold (`exp`, seconds since 1970). The tenant
 * comes from here and from nowhere else.
 */
export type Principal = z.infer<typeof principal>;

export interface TokenExpectations {
  issuer: string;
  audience: string;
  /** The public keys: a remote key set on AWS, a local one inside the OTP service. */
  keys: FindKey;
  now?: () => Date;
  verifySignature?: VerifySignature;
  /** Whether what the token gives has ended before its time; asked each time. Throws while that is not known. */
  hasEnded?: (claims: Principal) => boolean;
}

/** Finds the public key that a token's header names, as the key sets of jose do. */
export type FindKey = (header: { alg: string; kid: string }) => Promise<CryptoKey>;

/** Whether an Ed25519 signature is this key's. At once: on another thread it takes longer to hand over than to verify. */
export type VerifySignature = (signed: Buffer, signature: Buffer, publicKey: CryptoKey) => boolean;

/** The OTP service's public keys, fetched when first needed and again when a token names one that is not among them. */
export function remoteKeys(jwksUrl: string): FindKey {
  return createRemoteJWKSet(new URL(jwksUrl), { timeoutDuration: keySetTimeoutMilliseconds });
}

const keySetTimeoutMilliseconds = 2_000;

/**
 * The one algorithm we sign with (EdDSA over Ed25519, RFC 8037), and the one kind of token (RFC 9068). A token that names
 * another, `none` included, or an extension, none of which we know, is refused before its key is looked up.
 */
const headerSchema = z.object({
  alg: z.literal('EdDSA'),
  typ: z.literal('at+jwt'),
  kid: z.string(),
  crit: z.undefined().optional(),
});

const principal = accessClaims.extend({ exp: z.number() });

export type VerifyAccessToken = (authorizationHeader: string | undefined) => Promise<Principal>;

/** Tokens whose signature need not be verified again, of some 1 KiB each. */
const maxVerified = 10_000;

interface Verified {
  header: z.infer<typeof headerSchema>;
  key: CryptoKey;
  claims: Principal;
}

/**
 * Verifies `Authorization: Bearer …` (RFC 6750) as a signed access token (RFC 9068): its signature once, and that it has
 * not expired, not ended, and its key has not been withdrawn each time.
 * @throws {Problem} `unauthenticated` whatever is wrong with it; `unavailable` if the keys cannot be had.
 */
export function accessTokenVerifier({
  issuer,
  audience,
  keys,
  now = () => new Date(),
  verifySignature = verifyByOpenSsl,
  hasEnded = () => false,
}: TokenExpectations): VerifyAccessToken {
  const registered = principal.extend({
    iss: z.literal(issuer),
    aud: z.union([z.literal(audience), z.array(z.string()).refine((all) => all.includes(audience))]),
    exp: z.number().refine((exp) => exp > secondsOf(now())),
    nbf: z
      .number()
      .refine((nbf) => nbf <= secondsOf(now()))
      .optional(),
    iat: z.number().optional(),
  });
  const headerOf = rememberingLast((part: string) => headerSchema.parse(decode(part)));

  const verified = new LRUCache<string, Verified>({ max: maxVerified });

  const read = async (authorization: string): Promise<Verified> => {
    const [, headerText, payload, signature] = bearer.exec(authorization) ?? [];
    if (!headerText || !payload || !signature) throw new Error('There is no token.');
    const header = headerOf(headerText);
    const key = await keys(header);
    const signed = Buffer.from(`${headerText}.${payload}`, 'latin1');
    if (!verifySignature(signed, Buffer.from(signature, 'base64url'), key))
      throw new Error('The signature is not that of the key which the token names.');
    const { iss, aud, nbf, iat, ...claims } = registered.parse(decode(payload));
    Object.freeze(claims.roles);
    return { header, key, claims: Object.freeze(claims) };
  };

  const claimsOf = async (authorization: string): Promise<Principal> => {
    try {
      const known = verified.get(authorization);
      if (known && known.claims.exp > secondsOf(now()) && known.key === (await keys(known.header)))
        return known.claims;
      const found = await read(authorization);
      verified.set(authorization, found);
      return found.claims;
    } catch (error) {
      if (isKeySetOutage(error)) throw new Problem('unavailable', { cause: error });
      throw new Problem('unauthenticated', { cause: error });
    }
  };

  return async (authorization = '') => {
    const claims = await claimsOf(authorization);
    if (hasEnded(claims)) throw new Problem('unauthenticated', { detail: 'This access has ended.' });
    return claims;
  };
}

const bearer = /^Bearer ([\w-]+)\.([\w-]+)\.([\w-]+)$/i;

const decode = (part: string): unknown => JSON.parse(Buffer.from(part, 'base64url').toString());

/** The headers of all tokens that were signed with one key are the same text. */
function rememberingLast<T>(read: (text: string) => T): (text: string) => T {
  let last: { text: string; value: T } | undefined;
  return (text) => {
    if (last?.text !== text) last = { text, value: read(text) };
    return last.value;
  };
}

const secondsOf = (time: Date) => Math.floor(time.getTime() / 1000);

/** Node's own. Where many tokens are verified, `libsodium.ts` does it in less than half the time. */
const verifyByOpenSsl: VerifySignature = (signed, signature, publicKey) =>
  verify(null, signed, KeyObject.from(publicKey), signature);

/** The key set could not be fetched: not the caller's fault. */
function isKeySetOutage(error: unknown): boolean {
  const code = (error as { code?: string }).code;
  return code === 'ERR_JWKS_TIMEOUT' || code === 'ERR_JOSE_GENERIC' || error instanceof TypeError;
}

export function isOperator({ roles }: Pick<Principal, 'roles'>): boolean {
  return roles.includes('platform_admin');
}
