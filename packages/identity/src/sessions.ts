import { type AccessClaims, accessTokenSeconds, scopes, type TokenPair } from '@kyong/contracts';
import { isPerson, tokenPair } from './access.ts';
import type { Identity, Session, SessionFilter } from './ports.ts';
import { drawSalt, parseRefreshToken, successorOf } from './refresh-token.ts';

export type RefreshResult =
  | { outcome: 'refreshed'; tokens: TokenPair }
  | { outcome: 'invalid' }
  /** A token that was spent long ago: somebody has a copy. The session of this person is over. */
  | { outcome: 'reused'; userId: string }
  /** The session does not open the tenant named; the refresh token is still good. */
  | { outcome: 'no_role'; userId: string };

/** A lost answer is asked for again, and a second tab asks at the same moment: within this time. */
const graceSeconds = 10;
/**
 * NIST SP 800-63B-4, 2.1.3, leaves an inactivity timeout open at AAL1. A member comes to the gym every week or two; what is
 * unused for longer lies on a phone that is lost or sold.
 */
const idleSeconds = 14 * 86_400;
/** A signup is over an hour after its code, the last token it got included. */
const signupSeconds = 3_600 - accessTokenSeconds;

/**
 * Exchanges a refresh token for a new pair (RFC 9700, 4.14.2): one that comes again later than `graceSeconds` after it was spent
 * has been stolen, from one side or the other, so that the whole session ends. Within them it gets the same successor. One round
 * trip to the database.
 */
export async function refresh(
  identity: Identity,
  request: { refreshToken: string; tenantId?: string | undefined },
): Promise<RefreshResult> {
  const presented = parseRefreshToken(request.refreshToken);
  if (!presented) return { outcome: 'invalid' };
  const now = identity.now();
  const salt = drawSalt();
  const next = successorOf(presented, salt);
  const session = await identity.store.rotateSession({
    sessionId: presented.sessionId,
    tokenHash: presented.hash,
    familyHash: presented.familyHash,
    next: { tokenHash: next.hash, salt },
    tenantId: request.tenantId,
    now,
    usedSince: secondsBefore(now, idleSeconds),
    replacedSince: secondsBefore(now, graceSeconds),
  });
  if (!session || session.outcome === 'invented') return { outcome: 'invalid' };
  const userId = session.person.id;
  if (session.outcome === 'reused') return { outcome: 'reused', userId };
  if (session.outcome === 'refused') return { outcome: 'no_role', userId };
  const { tenantId, boundTenantId, createdAt: authenticatedAt } = session;
  const isSignup = session.scope === scopes.signup && authenticatedAt >= secondsBefore(now, signupSeconds);
  const scope = isSignup ? scopes.signup : scopes.session;
  const access = { sessionId: presented.sessionId, tenantId, boundTenantId, scope, authenticatedAt };
  const { text } = successorOf(presented, session.salt);
  return { outcome: 'refreshed', tokens: await tokenPair(identity, session, access, text) };
}

/**
 * Ends the session of a refresh token, a spent one included. What is no token, or is over already, is no error.
 * @returns whose session it was, if it was one.
 */
export async function logout(identity: Identity, refreshToken: string): Promise<string | undefined> {
  const presented = parseRefreshToken(refreshToken);
  return presented && identity.store.endSessionOf(presented, identity.now());
}

/** The caller's sessions that are not over, newest first. */
export async function listSessions(
  identity: Identity,
  caller: AccessClaims,
  page: { before?: { createdAt: Date; id: string } | undefined; limit: number },
): Promise<Session[]> {
  if (!isPerson(caller)) return [];
  return identity.store.listSessions(sessionsOf(identity, caller), page);
}

/** Ends one of the caller's sessions. @returns false when there is no such one. */
export async function endSession(identity: Identity, caller: AccessClaims, id: string): Promise<boolean> {
  return isPerson(caller) && (await identity.store.endSessions(sessionsOf(identity, caller), { id })) > 0;
}

/** Ends the caller's sessions but the one they ask with. @returns how many there were. */
export async function endOtherSessions(identity: Identity, caller: AccessClaims): Promise<number> {
  if (!isPerson(caller)) return 0;
  return identity.store.endSessions(sessionsOf(identity, caller), { except: caller.sid });
}

function sessionsOf({ now }: Identity, { sub, bound }: AccessClaims): SessionFilter {
  return { userId: sub, boundTenantId: bound, now: now(), usedSince: secondsBefore(now(), idleSeconds) };
}

const secondsBefore = (time: Date, seconds: number) => new Date(time.getTime() - seconds * 1000);
