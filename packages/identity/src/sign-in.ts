import { randomUUID } from 'node:crypto';
import { type OtpPurpose, scopes, type TokenPair } from '@kyong/contracts';
import { tokenPair } from './access.ts';
import type { Address } from './address.ts';
import type { Identity } from './ports.ts';
import { createRefreshToken } from './refresh-token.ts';

/** NIST SP 800-63B-4, 2.1.3, AAL1: whoever uses it proves themselves again after thirty days at the latest. */
const sessionSeconds = 30 * 86_400;

/**
 * Signs in whoever has just proved to hold `address`. A person nobody knew is made here and nowhere earlier. A code that came in
 * a tenant's words proves that the person has read those words: the session is bound to that tenant, which may have hidden in
 * them what the code is for.
 */
export async function signIn(
  identity: Identity,
  proof: { address: Address; purpose: OtpPurpose; tenantId?: string | undefined },
): Promise<TokenPair> {
  const createdAt = identity.now();
  const id = randomUUID();
  const { hash: tokenHash, familyHash, text } = createRefreshToken(id);
  const { tenantId } = proof;
  const scope = proof.purpose === 'signup' && tenantId === undefined ? scopes.signup : scopes.session;
  const entry = await identity.store.signIn(proof.address, {
    ...{ id, boundTenantId: tenantId, scope, tokenHash, familyHash, createdAt },
    expiresAt: new Date(createdAt.getTime() + sessionSeconds * 1000),
  });
  const access = { sessionId: id, tenantId, boundTenantId: tenantId, scope, authenticatedAt: createdAt };
  return tokenPair(identity, entry, access, text);
}
