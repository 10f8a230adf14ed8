import { randomUUID } from 'node:crypto';
import type { TenantRole } from '@kyong/contracts';
import { type Pool, type PoolClient, transaction, writeAudit, writeRefusal } from '@kyong/postgres';
import type { Address } from '../../address.ts';
import type {
  MembershipChange,
  MembershipDecision,
  MembershipRefusal,
  MembershipState,
} from '../../ports.ts';
import { holderOfAddress } from './people.ts';

export function changeMembership(
  pool: Pool,
  { tenantId, actorId, sourceIp, action, member }: MembershipChange,
  decide: (state: MembershipState) => MembershipDecision,
): Promise<{ userId: string } | { refused: MembershipRefusal }> {
  return transaction(pool, async (client) => {
    // Changes of one tenant take turns, so that of two owners who remove each other one stays.
    await client.query('SELECT FROM tenants WHERE id = $1 FOR NO KEY UPDATE', [tenantId]);
    const known = 'userId' in member ? member.userId : await userOf(client, member);
    const decision = decide(await stateOf(client, tenantId, actorId, known));
    const entry = { actor: actorId, sourceIp, action, tenantId };
    if (decision.kind === 'refuse') {
      await writeRefusal(client, { ...entry, refused: decision.reason, detail: { userId: known } });
      return { refused: decision.reason };
    }
    if (decision.kind === 'grant') {
      const userId = 'userId' in member ? member.userId : await holderOf(client, member);
      await grant(client, tenantId, userId, decision.role);
      await writeAudit(client, { ...entry, detail: { userId, role: decision.role } });
      return { userId };
    }
    // What is revoked is somebody's, so it was found.
    if (known === undefined) return { refused: 'not_found' };
    await client.query('DELETE FROM memberships WHERE tenant_id = $1 AND user_id = $2', [tenantId, known]);
    await writeAudit(client, { ...entry, detail: { userId: known } });
    return { userId: known };
  });
}

async function userOf(client: PoolClient, address: Address): Promise<string | undefined> {
  const { rows } = await client.query<{ user_id: string }>(
    'SELECT user_id FROM user_addresses WHERE address = $1',
    [address.value],
  );
  return rows[0]?.user_id;
}

/** The user of an address, made now if there is none yet. */
async function holderOf(client: PoolClient, address: Address): Promise<string> {
  const { rows } = await client.query<{ user_id: string }>(
    `WITH ${holderOfAddress} SELECT user_id FROM holder`,
    [address.value, address.channel, randomUUID()],
  );
  const [row] = rows;
  if (!row) throw new Error('The holder of an address was not returned.');
  return row.user_id;
}

async function stateOf(
  client: PoolClient,
  tenantId: string,
  actorId: string,
  userId: string | undefined,
): Promise<MembershipState> {
  const { rows } = await client.query<{
    actor: TenantRole | null;
    current: TenantRole | null;
    others: number;
  }>(
    `SELECT max(role) FILTER (WHERE user_id = $2) AS actor,
            max(role) FILTER (WHERE user_id = $3) AS current,
            (count(*) FILTER (WHERE role = 'gym_owner' AND accepted_at IS NOT NULL AND user_id IS DISTINCT FROM $3))::int AS others
     FROM memberships WHERE tenant_id = $1`,
    [tenantId, actorId, userId],
  );
  const [row] = rows;
  return {
    actor: row?.actor ?? undefined,
    current: row?.current ?? undefined,
    otherOwners: row?.others ?? 0,
  };
}

/** Somebody new is invited; what a member may, changes. */
async function grant(client: PoolClient, tenantId: string, userId: string, role: TenantRole): Promise<void> {
  await client.query(
    `INSERT INTO memberships (user_id, tenant_id, role, accepted_at) VALUES ($1, $2, $3, NULL)
     ON CONFLICT (user_id, tenant_id) DO UPDATE SET role = excluded.role`,
    [userId, tenantId, role],
  );
}
