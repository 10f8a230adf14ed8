import type { Principal } from './access-token.ts';
import { Problem } from './problem.ts';

/** Whether the person proved who they are at most `maxAgeSeconds` ago; not for a token without `auth_time`. */
export function isRecentlyAuthenticated(
  principal: Pick<Principal, 'auth_time'>,
  maxAgeSeconds: number,
  now: Date,
): boolean {
  const ageSeconds = Math.floor(now.getTime() / 1000) - (principal.auth_time ?? Number.NEGATIVE_INFINITY);
  return ageSeconds <= maxAgeSeconds;
}

/**
 * For what a stolen or forgotten session must not do: the person proved who they are at most `maxAgeSeconds` ago. To step
 * up they sign in again with a one-time password, whose tokens carry a new `auth_time` (RFC 9470; a refresh keeps the old).
 * @throws {Problem} `insufficient_user_authentication`, for a token without `auth_time` too.
 */
export function requireRecentAuthentication(
  principal: Pick<Principal, 'auth_time'>,
  maxAgeSeconds: number,
  now: Date,
): void {
  if (!isRecentlyAuthenticated(principal, maxAgeSeconds, now))
    throw new Problem('insufficient_user_authentication', { maxAgeSeconds });
}
