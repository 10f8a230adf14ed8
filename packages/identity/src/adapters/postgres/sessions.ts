import { randomUUID } from 'node:crypto';
import type { Pool } from '@kyong/postgres';
import type { Address } from '../../address.ts';
import type { Entry, NewSession, RotatedSession, Rotation } from '../../ports.ts';
import {
  acceptInvitation,
  endsSeenOf,
  holderOfAddress,
  isOpen,
  membershipsOf,
  type PersonRow,
  toPerson,
} from './people.ts';

/** One statement, so one round trip: every sign-in waits for it. */
const signInStatement = `
  WITH ${holderOfAddress},
  session AS (
    INSERT INTO sessions (id, user_id, tenant_id, bound_tenant_id, scope, token_hash, family_hash, created_at, last_used_at,
                          expires_at)
    SELECT $4, user_id, (SELECT tenant_id FROM memberships WHERE user_id = holder.user_id AND tenant_id = $5), $5,
           $6, $7, $8, $9, $9, $10
    FROM holder
  ),
  accepted AS (${acceptInvitation('holder', 'holder.user_id', '$5', '$9')})
  SELECT user_id, coalesce((SELECT platform_admin FROM users WHERE id = user_id), false) AS platform_admin,
         ${membershipsOf('holder.user_id', '$5')} AS tenants, ${endsSeenOf('holder.user_id', '$5')} AS ends_seen
  FROM holder`;

export interface EntryRow extends PersonRow {
  ends_seen: number;
}

export const toEntry = (row: EntryRow): Entry => ({ person: toPerson(row), endsSeen: row.ends_seen });

export async function signIn(pool: Pool, address: Address, session: NewSession): Promise<Entry> {
  const { rows } = await pool.query<EntryRow>({
    name: 'sign-in',
    text: signInStatement,
    values: [
      address.value,
      address.channel,
      randomUUID(),
      session.id,
      session.boundTenantId,
      session.scope,
      session.tokenHash,
      session.familyHash,
      session.createdAt,
      session.expiresAt,
    ],
  });
  const [row] = rows;
  if (!row) throw new Error('Signing in returned no user.');
  return toEntry(row);
}

/**
 * One statement as well: an app asks every quarter of an hour. Whoever comes second waits at the row's lock, and then sees what the first has made of it: PostgreSQL evaluates the CTE
 * `session` again for the newest version of the row ("Transaction Isolation", Read Committed).
 */
const rotateStatement = `
  WITH session AS (
    SELECT id, user_id, scope, created_at, bound_tenant_id, rotation_salt, coalesce($6, tenant_id) AS tenant_id,
           CASE WHEN token_hash = $2 THEN 'rotated'
                WHEN previous_token_hash = $2 AND rotated_at > $9 THEN 'repeated'
                WHEN family_hash = $3 THEN 'reused'
                ELSE 'invented' END AS outcome
    FROM sessions
    WHERE id = $1 AND revoked_at IS NULL AND expires_at > $7 AND last_used_at > $8
    FOR UPDATE
  ),
  judged AS (
    SELECT id, user_id, scope, created_at, bound_tenant_id, rotation_salt, tenant_id,
           CASE WHEN $6 IS NULL OR outcome NOT IN ('rotated', 'repeated') THEN outcome
                WHEN coalesce(bound_tenant_id, $6) = $6
                     AND EXISTS (SELECT FROM memberships JOIN tenants ON tenants.id = memberships.tenant_id AND ${isOpen}
                                 WHERE memberships.user_id = session.user_id AND memberships.tenant_id = $6) THEN outcome
                ELSE 'refused' END AS outcome
    FROM session
  ),
  rotated AS (
    UPDATE sessions SET token_hash = $4, family_hash = $3, previous_token_hash = $2, rotation_salt = $5, rotated_at = $7,
                        last_used_at = $7, tenant_id = judged.tenant_id
    FROM judged WHERE sessions.id = judged.id AND outcome = 'rotated'
  ),
  revoked AS (
    UPDATE sessions SET revoked_at = $7 FROM judged WHERE sessions.id = judged.id AND outcome = 'reused'
  ),
  accepted AS (${acceptInvitation('judged', 'judged.user_id', '$6', '$7')} AND outcome = 'rotated')
  SELECT outcome, user_id, platform_admin, scope, judged.created_at, bound_tenant_id, rotation_salt, tenant_id,
         ${membershipsOf('judged.user_id', '$6')} AS tenants, ${endsSeenOf('judged.user_id', 'judged.tenant_id')} AS ends_seen
  FROM judged JOIN users ON users.id = judged.user_id`;

export async function rotateSession(pool: Pool, rotation: Rotation): Promise<RotatedSession | undefined> {
  const { sessionId, tokenHash, familyHash, next, tenantId, now, usedSince, replacedSince } = rotation;
  const { rows } = await pool.query<
    EntryRow & {
      outcome: RotatedSession['outcome'];
      scope: string;
      created_at: Date;
      bound_tenant_id: string | null;
      rotation_salt: Buffer | null;
      tenant_id: string | null;
    }
  >({
    name: 'rotate-session',
    text: rotateStatement,
    values: [
      ...[sessionId, tokenHash, familyHash, next.tokenHash, next.salt],
      ...[tenantId, now, usedSince, replacedSince],
    ],
  });
  const [row] = rows;
  return (
    row && {
      ...toEntry(row),
      outcome: row.outcome,
      salt: row.outcome === 'repeated' && row.rotation_salt ? row.rotation_salt : next.salt,
      tenantId: row.tenant_id ?? undefined,
      boundTenantId: row.bound_tenant_id ?? undefined,
      scope: row.scope,
      createdAt: row.created_at,
    }
  );
}
