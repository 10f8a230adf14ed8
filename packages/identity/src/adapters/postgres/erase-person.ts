import { type Pool, type PoolClient, transaction, writeAudit } from '@kyong/postgres';
import type { Erasure, ErasureOutcome } from '../../ports.ts';

/** What is not about one tenant is written down under this name, which no tenant can have. */
const platform = 'platform';

export function erasePerson(
  pool: Pool,
  { address, addressHash, actorId, sourceIp, now }: Erasure,
): Promise<ErasureOutcome> {
  return transaction(pool, async (client) => {
    const { rows: found } = await client.query<{ user_id: string }>(
      'SELECT user_id FROM user_addresses WHERE address = $1',
      [address.value],
    );
    const userId = found[0]?.user_id;
    const rows = userId === undefined ? {} : await erase(client, userId, now);
    if (!rows) return { refused: 'last_owner' };
    const entry = { actor: actorId, sourceIp, action: 'person.erase', tenantId: platform };
    await writeAudit(client, { ...entry, detail: { addressHash, rows } });
    return { rows };
  });
}

/** Undefined, and nothing is changed, where a gym would be left without an owner. */
async function erase(
  client: PoolClient,
  userId: string,
  now: Date,
): Promise<Record<string, number> | undefined> {
  // Changes of one tenant take turns, as in `changeMembership`.
  await client.query(
    `SELECT FROM tenants WHERE id IN (SELECT tenant_id FROM memberships WHERE user_id = $1)
      ORDER BY id FOR NO KEY UPDATE`,
    [userId],
  );
  const { rowCount: ownerless } = await client.query(
    `SELECT FROM memberships mine JOIN tenants ON tenants.id = mine.tenant_id AND status NOT IN ('offboarding', 'offboarded', 'failed')
      WHERE mine.user_id = $1 AND mine.role = 'gym_owner' AND mine.accepted_at IS NOT NULL
        AND NOT EXISTS (SELECT FROM memberships other
                         WHERE other.tenant_id = mine.tenant_id AND other.user_id <> $1 AND other.role = 'gym_owner'
                           AND other.accepted_at IS NOT NULL)`,
    [userId],
  );
  if (ownerless) return undefined;
  // Tells whoever verifies tokens; those of memberships are told of as their rows go.
  await client.query('UPDATE sessions SET revoked_at = $2 WHERE user_id = $1 AND revoked_at IS NULL', [
    userId,
    now,
  ]);
  const { rows } = await client.query<Record<string, number>>(
    `SELECT (SELECT count(*)::int FROM user_addresses WHERE user_id = $1) AS user_addresses,
            (SELECT count(*)::int FROM sessions WHERE user_id = $1) AS sessions,
            (SELECT count(*)::int FROM memberships WHERE user_id = $1) AS memberships`,
    [userId],
  );
  // The others go with it.
  const { rowCount: users } = await client.query('DELETE FROM users WHERE id = $1', [userId]);
  return { users: users ?? 0, ...rows[0] };
}
