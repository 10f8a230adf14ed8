import type { Membership } from '@kyong/contracts';
import type { Pool } from '@kyong/postgres';
import type { Person } from '../../ports.ts';

export interface PersonRow {
  user_id: string;
  platform_admin: boolean;
  tenants: Membership[];
}

/** Tenants that are open: for others no token is given, and one that was given is not renewed. */
export const isOpen = "tenants.status IN ('active', 'changing-plan', 'restoring')";

/**
 * The memberships of the user that `userId` (an SQL expression) names, as JSON. A tenant that is not open is left out. Where the
 * person is invited only, it says so, unless it is `entered` (another expression): in the statement that lets them in.
 */
export const membershipsOf = (userId: string, entered = 'NULL') => `
  (SELECT coalesce(json_agg(json_strip_nulls(json_build_object(
                     'tenantId', tenant_id, 'role', role,
                     'invited', CASE WHEN accepted_at IS NULL AND tenant_id IS DISTINCT FROM ${entered} THEN true END))
                   ORDER BY tenant_id), '[]')
   FROM memberships JOIN tenants ON tenants.id = tenant_id AND ${isOpen}
   WHERE memberships.user_id = ${userId})`;

/** The newest end of a user's access to a tenant (both SQL expressions); 0: there is none. */
export const endsSeenOf = (userId: string, tenantId: string) =>
  `(SELECT coalesce(max(id), 0)::float8 FROM ended_access WHERE user_id = ${userId} AND tenant_id = ${tenantId})`;

/** Somebody invited to a tenant (both SQL expressions) enters it now, at `time`: from then on they are a member. */
export const acceptInvitation = (from: string, userId: string, tenantId: string, time: string) => `
  UPDATE memberships SET accepted_at = ${time}
  FROM ${from} WHERE memberships.user_id = ${userId} AND memberships.tenant_id = ${tenantId} AND accepted_at IS NULL`;

/**
 * Two common table expressions, `holder` and `created`: the user of an address ($1, of channel $2), who gets the id $3
 * if there is none yet. Of several that come at once with a new address, one makes the user and all get that one. The
 * user is written after the address that refers to it; the reference is checked when the statement ends.
 */
export const holderOfAddress = `
  holder AS (
    INSERT INTO user_addresses (address, channel, user_id) VALUES ($1, $2, $3)
    ON CONFLICT (address) DO UPDATE SET address = excluded.address
    RETURNING user_id
  ),
  created AS (
    INSERT INTO users (id) SELECT user_id FROM holder WHERE user_id = $3
  )`;

export function toPerson(row: PersonRow): Person {
  return { id: row.user_id, platformAdmin: row.platform_admin, tenants: row.tenants };
}

export async function findPerson(pool: Pool, userId: string): Promise<Person | undefined> {
  const { rows } = await pool.query<PersonRow>(
    `SELECT id AS user_id, platform_admin, ${membershipsOf('users.id')} AS tenants FROM users WHERE id = $1`,
    [userId],
  );
  return rows[0] && toPerson(rows[0]);
}
