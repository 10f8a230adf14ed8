import { timingSafeEqual } from 'node:crypto';
import type { TokenPair } from '@kyong/contracts';
import { type Access, hasRoleIn, tokenPair } from './access.ts';
import type { Identity, LiveSession, Person, SessionChange } from './ports.ts';
import { createRefreshToken, parseRefreshToken } from './refresh-token.ts';

export type RefreshResult =
  | { outcome: 'refreshed'; tokens: TokenPair }
  | { outcome: 'invalid' }
  /** The person has no role in the tenant named; the refresh token is still good. */
  | { outcome: 'no_role' };

type Answer = { outcome: 'refreshed'; person: Person; access: Access } | { outcome: 'invalid' | 'no_role' };

/**
 * Exchanges a refresh token for a new pair (RFC 9700, 4.14.2): each token is good once, and one that comes a second time
 * has been stolen, from one side or the other, so that the whole session ends. Of two tabs that refresh with one token at
 * the same moment exactly one gets a pair, and the other ends the session: tabs have to take turns (Web Locks).
 */
export async function refresh(
  identity: Identity,
  request: { refreshToken: string; tenantId?: string | undefined },
): Promise<RefreshResult> {
  const presented = parseRefreshToken(request.refreshToken);
  if (!presented) return { outcome: 'invalid' };
  const next = createRefreshToken(presented.sessionId);

  const decide = (session: LiveSession): { change: SessionChange; answer: Answer } => {
    if (!timingSafeEqual(session.tokenHash, presented.hash))
      return { change: { kind: 'revoke' }, answer: { outcome: 'invalid' } };
    if (request.tenantId !== undefined && !hasRoleIn(session.person, request.tenantId))
      return { change: { kind: 'keep' }, answer: { outcome: 'no_role' } };
    const tenantId = request.tenantId ?? session.tenantId;
    const access = { tenantId, scope: session.scope, authenticatedAt: session.createdAt };
    return {
      change: { kind: 'rotate', tokenHash: next.hash, tenantId },
      answer: { outcome: 'refreshed', person: session.person, access },
    };
  };
  const answer = await identity.store.changeSession(presented.sessionId, identity.now(), decide);
  if (answer?.outcome !== 'refreshed') return answer ?? { outcome: 'invalid' };
  const tokens = await tokenPair(identity, answer.person, answer.access, next.text);
  return { outcome: 'refreshed', tokens };
}

/** Ends the session of a refresh token, a spent one included. What is no token, or is over already, is no error. */
export async function logout(identity: Identity, refreshToken: string): Promise<void> {
  const presented = parseRefreshToken(refreshToken);
  if (presented) await identity.store.revokeSession(presented.sessionId, identity.now());
}
