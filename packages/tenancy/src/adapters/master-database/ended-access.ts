import type { TenantRole } from '@kyong/contracts';
import type { Pool } from '@kyong/postgres';
import { type AccessEnd, endedAccessSeconds } from '../../ended-access.ts';
import type { TenancyStore } from '../../ports.ts';

/** The row as its trigger tells it, and as `findEndedAccess` reads it. */
type AccessEndText = Omit<AccessEnd, 'endedAt'> & { endedAt: string | Date };

export const accessEndOf = ({ endedAt, ...end }: AccessEndText): AccessEnd => ({
  ...end,
  endedAt: new Date(endedAt),
});

const uuid = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/;

export function endedAccess(pool: Pool): Pick<TenancyStore, 'findRole' | 'findEndedAccess' | 'hasEnded'> {
  return {
    async findRole(userId, tenantId) {
      if (!uuid.test(userId)) return undefined;
      const { rows } = await pool.query<{ role: TenantRole }>(
        'SELECT role FROM memberships WHERE user_id = $1 AND tenant_id = $2',
        [userId, tenantId],
      );
      return rows[0]?.role;
    },

    async findEndedAccess(seconds, limit) {
      const { rows } = await pool.query<AccessEndText>(
        `SELECT id::float8, user_id AS "userId", tenant_id AS "tenantId", session_id AS "sessionId", ended_at AS "endedAt"
           FROM ended_access WHERE ended_at > now() - make_interval(secs => $1)
          ORDER BY id DESC LIMIT $2`,
        [seconds, limit],
      );
      return rows.reverse().map(accessEndOf);
    },

    async hasEnded({ sub, tenant, sid, ends_seen: seen = 0 }) {
      // An operator, who is no person of ours.
      if (!uuid.test(sub)) return false;
      const { rowCount } = await pool.query(
        `SELECT FROM ended_access
          WHERE user_id = $1 AND ended_at > now() - make_interval(secs => $5)
            AND (session_id = $2 OR (tenant_id = $3 AND id > $4)) LIMIT 1`,
        [sub, sid, tenant, seen, endedAccessSeconds],
      );
      return rowCount !== 0;
    },
  };
}
