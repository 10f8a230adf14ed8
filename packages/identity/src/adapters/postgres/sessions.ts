import { randomUUID } from 'node:crypto';
import { type Pool, type PoolClient, transaction } from '@kyong/postgres';
import type { Address } from '../../address.ts';
import type { LiveSession, NewSession, Person, SessionChange } from '../../ports.ts';
import { holderOfAddress, membershipsOf, type PersonRow, toPerson } from './people.ts';

/** One statement, so one round trip: every sign-in waits for it. */
const signInStatement = `
  WITH ${holderOfAddress},
  session AS (
    INSERT INTO sessions (id, user_id, tenant_id, scope, token_hash, created_at, expires_at)
    SELECT $4, user_id, (SELECT tenant_id FROM memberships WHERE user_id = holder.user_id AND tenant_id = $5),
           $6, $7, $8, $9
    FROM holder
  )
  SELECT user_id, coalesce((SELECT platform_admin FROM users WHERE id = user_id), false) AS platform_admin,
         ${membershipsOf('holder.user_id')} AS tenants
  FROM holder`;

export async function signIn(pool: Pool, address: Address, session: NewSession): Promise<Person> {
  const { rows } = await pool.query<PersonRow>({
    name: 'sign-in',
    text: signInStatement,
    values: [
      address.value,
      address.channel,
      randomUUID(),
      session.id,
      session.tenantId,
      session.scope,
      session.tokenHash,
      session.createdAt,
      session.expiresAt,
    ],
  });
  const [row] = rows;
  if (!row) throw new Error('Signing in returned no user.');
  return toPerson(row);
}

export function changeSession<T>(
  pool: Pool,
  sessionId: string,
  now: Date,
  decide: (session: LiveSession) => { change: SessionChange; answer: T },
): Promise<T | undefined> {
  return transaction(pool, async (client) => {
    const { rows } = await client.query<
      PersonRow & { tenant_id: string | null; scope: string; token_hash: Buffer; created_at: Date }
    >(
      `SELECT user_id, platform_admin, ${membershipsOf('sessions.user_id')} AS tenants, tenant_id, scope, token_hash,
              sessions.created_at
       FROM sessions JOIN users ON users.id = user_id
       WHERE sessions.id = $1 AND revoked_at IS NULL AND expires_at > $2
       FOR UPDATE OF sessions`,
      [sessionId, now],
    );
    const [row] = rows;
    if (!row) return undefined;
    const { change, answer } = decide({
      person: toPerson(row),
      tenantId: row.tenant_id ?? undefined,
      scope: row.scope,
      createdAt: row.created_at,
      tokenHash: row.token_hash,
    });
    await apply(client, sessionId, now, change);
    return answer;
  });
}

async function apply(client: PoolClient, sessionId: string, now: Date, change: SessionChange): Promise<void> {
  if (change.kind === 'rotate')
    await client.query('UPDATE sessions SET token_hash = $2, tenant_id = $3 WHERE id = $1', [
      sessionId,
      change.tokenHash,
      change.tenantId,
    ]);
  if (change.kind === 'revoke') await revokeSession(client, sessionId, now);
}

export async function revokeSession(client: Pool | PoolClient, sessionId: string, now: Date): Promise<void> {
  await client.query('UPDATE sessions SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL', [
    sessionId,
    now,
  ]);
}
