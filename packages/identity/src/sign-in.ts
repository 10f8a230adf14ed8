import { randomUUID } from 'node:crypto';
import { type OtpPurpose, scopes, type TokenPair } from '@kyong/contracts';
import { tokenPair } from './access.ts';
import type { Address } from './address.ts';
import type { Identity } from './ports.ts';
import { createRefreshToken } from './refresh-token.ts';

/** NIST SP 800-63B, AAL1: whoever uses it proves themselves again after thirty days at the latest. */
const sessionSeconds = 30 * 86_400;

/** Signs in whoever has just proved to hold `address`. A person nobody knew is made here and nowhere earlier. */
export async function signIn(
  identity: Identity,
  proof: { address: Address; purpose: OtpPurpose; tenantId?: string | undefined },
): Promise<TokenPair> {
  const createdAt = identity.now();
  const { sessionId, hash, text } = createRefreshToken(randomUUID());
  const scope = proof.purpose === 'signup' ? scopes.signup : scopes.session;
  const person = await identity.store.signIn(proof.address, {
    id: sessionId,
    tenantId: proof.tenantId,
    scope,
    tokenHash: hash,
    createdAt,
    expiresAt: new Date(createdAt.getTime() + sessionSeconds * 1000),
  });
  return tokenPair(identity, person, { tenantId: proof.tenantId, scope, authenticatedAt: createdAt }, text);
}
