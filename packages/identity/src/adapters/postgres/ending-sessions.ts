import type { Pool } from '@kyong/postgres';
import type { IdentityStore, Session, SessionFilter } from '../../ports.ts';

/** Sessions of a person ($1) that are not over at $2, were used since $3 and are bound to $4, if that is said. */
const live = `user_id = $1 AND revoked_at IS NULL AND expires_at > $2 AND last_used_at > $3
  AND ($4::text IS NULL OR bound_tenant_id = $4)`;
const valuesOf = ({ userId, now, usedSince, boundTenantId }: SessionFilter) => [
  userId,
  now,
  usedSince,
  boundTenantId,
];

/** What people see of their sessions, and how these end. The trigger `access_ends_with_session` tells whoever verifies tokens. */
export function endingSessions(
  pool: Pool,
): Pick<IdentityStore, 'endSessionOf' | 'listSessions' | 'endSessions'> {
  return {
    async endSessionOf({ sessionId, hash, familyHash }, now) {
      const { rows } = await pool.query<{ user_id: string }>(
        `UPDATE sessions SET revoked_at = $4
          WHERE id = $1 AND revoked_at IS NULL AND (family_hash = $2 OR token_hash = $3) RETURNING user_id`,
        [sessionId, familyHash, hash, now],
      );
      return rows[0]?.user_id;
    },

    async listSessions(filter, { before, limit }) {
      const { rows } = await pool.query<Session>(
        `SELECT id, bound_tenant_id AS "boundTenantId", created_at AS "createdAt", last_used_at AS "lastUsedAt",
                expires_at AS "expiresAt"
           FROM sessions WHERE ${live} AND ($5::timestamptz IS NULL OR (created_at, id) < ($5, $6::uuid))
          ORDER BY created_at DESC, id DESC LIMIT $7`,
        [...valuesOf(filter), before?.createdAt, before?.id, limit],
      );
      return rows;
    },

    async endSessions(filter, which) {
      const [condition, id] =
        'id' in which ? ['id = $5', which.id] : ['id IS DISTINCT FROM $5', which.except];
      const { rowCount } = await pool.query(
        `UPDATE sessions SET revoked_at = $2 WHERE ${live} AND ${condition}`,
        [...valuesOf(filter), id],
      );
      return rowCount ?? 0;
    },
  };
}
