import { type Pool, type PoolClient, transaction } from '@kyong/postgres';
import type { TenancyStore } from '../../ports.ts';

/** Held by whoever may make a tenant of this name, or takes away what is left of one, until the transaction ends. */
export async function lockName(client: PoolClient, tenantId: string): Promise<void> {
  await client.query("SELECT pg_advisory_xact_lock(hashtextextended('tenant:' || $1, 0))", [tenantId]);
}

export function idle(pool: Pool): Pick<TenancyStore, 'whileIdle'> {
  return {
    whileIdle: (tenantId, task) =>
      transaction(pool, async (client) => {
        await lockName(client, tenantId);
        await client.query('SELECT FROM tenants WHERE id = $1 FOR UPDATE', [tenantId]);
        const { rowCount: running } = await client.query(
          "SELECT FROM operations WHERE tenant_id = $1 AND status = 'running'",
          [tenantId],
        );
        if (running) return false;
        await task();
        return true;
      }),
  };
}
