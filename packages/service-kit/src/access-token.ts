import { type AccessClaims, accessClaims } from '@kyong/contracts';
import { createRemoteJWKSet, type JWTVerifyGetKey, jwtVerify } from 'jose';
import { Problem } from './problem.ts';

/** Who is calling: the verified claims of an access token. The tenant comes from here and from nowhere else. */
export type Principal = AccessClaims;

export interface TokenExpectations {
  issuer: string;
  audience: string;
  /** The public keys: a remote key set on AWS, a local one inside the OTP service. */
  keys: JWTVerifyGetKey;
  now?: () => Date;
}

/** The OTP service's public keys, fetched when first needed and again when a token names one that is not among them. */
export function remoteKeys(jwksUrl: string): JWTVerifyGetKey {
  return createRemoteJWKSet(new URL(jwksUrl), { timeoutDuration: keySetTimeoutMilliseconds });
}

const keySetTimeoutMilliseconds = 2_000;

/** The one algorithm we sign with; a token that names another, `none` included, is refused before its key is looked up. */
export const signingAlgorithm = 'EdDSA';

export type VerifyAccessToken = (authorizationHeader: string | undefined) => Promise<Principal>;

/**
 * Verifies `Authorization: Bearer …` (RFC 6750) as a signed access token (RFC 9068).
 * @throws {Problem} `unauthenticated` whatever is wrong with it; `unavailable` if the keys cannot be had.
 */
export function accessTokenVerifier(expected: TokenExpectations): VerifyAccessToken {
  return async (header) => {
    const token = /^Bearer ([\w-]+\.[\w-]+\.[\w-]+)$/i.exec(header ?? '')?.[1];
    if (!token) throw new Problem('unauthenticated');
    try {
      const { payload } = await jwtVerify(token, expected.keys, {
        algorithms: [signingAlgorithm],
        issuer: expected.issuer,
        audience: expected.audience,
        typ: 'at+jwt',
        requiredClaims: ['exp', 'sub'],
        ...(expected.now && { currentDate: expected.now() }),
      });
      return accessClaims.parse(payload);
    } catch (error) {
      if (isKeySetOutage(error)) throw new Problem('unavailable', { cause: error });
      throw new Problem('unauthenticated', { cause: error });
    }
  };
}

/** The key set could not be fetched: not the caller's fault. */
function isKeySetOutage(error: unknown): boolean {
  const code = (error as { code?: string }).code;
  return code === 'ERR_JWKS_TIMEOUT' || code === 'ERR_JOSE_GENERIC' || error instanceof TypeError;
}

export function isOperator(principal: Principal): boolean {
  return principal.roles.includes('platform_admin');
}
