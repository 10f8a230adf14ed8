import { type AccessClaims, accessTokenSeconds } from '@kyong/contracts';

/** Access of a person to a tenant, or of a session, that ended while tokens for it may be good. */
export interface AccessEnd {
  /** Grows with each end. */
  id: number;
  userId: string;
  /** The tenant they have no role in any more, or another one; null where a session ended. */
  tenantId: string | null;
  sessionId: string | null;
  endedAt: Date;
}

/** What a token says of the access it gives. */
export type AccessOf = Pick<AccessClaims, 'sub' | 'tenant' | 'sid' | 'ends_seen'>;

/** It has not been read yet what has ended: nobody can be let in. Trying again in a moment helps. */
export class EndedAccessUnknown extends Error {
  override name = 'EndedAccessUnknown';
  /** SQLSTATE: there is no connection. */
  readonly code = '08003';
}

/** As long as an access token that was signed before lives, and a minute for clocks that differ. */
export const endedAccessSeconds = accessTokenSeconds + 60;
/** Some 40 MB. Of more, those are forgotten first whose tokens have the least time left. */
export const maxEndedAccess = 200_000;

/**
 * Which access tokens have ended before their time, because of a removal, another role or a logout: asked with each token, in
 * memory. A token says up to which end its signer knew (`ends_seen`): clocks play no part.
 */
export class EndedAccess {
  readonly #now: () => Date;
  /** By session, or by person and tenant; those that came last stand last. */
  readonly #ends = new Map<string, { id: number; endedAt: number }>();
  readonly #listeners = new Set<() => void>();
  #isKnown = false;

  constructor(now: () => Date) {
    this.#now = now;
  }

  /** All that there was has been added. */
  known(): void {
    this.#isKnown = true;
  }

  add(ends: Iterable<AccessEnd>): void {
    for (const end of ends) {
      const key = end.sessionId ?? keyOf(end.userId, end.tenantId ?? '');
      const id = Math.max(end.id, this.#ends.get(key)?.id ?? 0);
      this.#ends.delete(key);
      this.#ends.set(key, { id, endedAt: end.endedAt.getTime() });
    }
    const since = this.#now().getTime() - endedAccessSeconds * 1000;
    for (const [key, { endedAt }] of this.#ends) {
      if (endedAt >= since && this.#ends.size <= maxEndedAccess) break;
      this.#ends.delete(key);
    }
    for (const listener of this.#listeners) listener();
  }

  /** Told whenever access has ended. */
  onEnd(listener: () => void): void {
    this.#listeners.add(listener);
  }

  /** @throws {EndedAccessUnknown} */
  readonly hasEnded = ({ sub, tenant, sid, ends_seen: seen = 0 }: AccessOf): boolean => {
    if (!this.#isKnown) throw new EndedAccessUnknown('It is not known yet which access has ended.');
    if (sid !== undefined && this.#ends.has(sid)) return true;
    return tenant !== undefined && (this.#ends.get(keyOf(sub, tenant))?.id ?? 0) > seen;
  };
}

const keyOf = (userId: string, tenantId: string) => `${userId} ${tenantId}`;
