import type { Pool } from '@kyong/postgres';
import type { TenancyStore } from '../../ports.ts';

/** Nothing is being done to tenant `t`. */
const idle = "NOT EXISTS (SELECT FROM operations o WHERE o.tenant_id = t.id AND o.status = 'running')";

/** Tenants that something is due for. */
export function due(pool: Pool): Pick<TenancyStore, 'findDueErasures' | 'findDueRotations'> {
  const ids = async (statement: string, values: unknown[]) => {
    const { rows } = await pool.query<{ id: string }>(statement, values);
    return rows.map((row) => row.id);
  };
  return {
    findDueErasures: (now, limit) =>
      ids(
        `SELECT t.id FROM tenants t JOIN departures d ON d.tenant_id = t.id
          WHERE t.status = 'offboarding' AND d.erase_after <= $1 AND ${idle}
          ORDER BY d.erase_after LIMIT $2`,
        [now, limit],
      ),
    findDueRotations: (before, limit) =>
      ids(
        `SELECT t.id FROM tenants t
          WHERE t.status = 'active' AND t.secret_changed_at < $1 AND ${idle}
          ORDER BY t.secret_changed_at LIMIT $2`,
        [before, limit],
      ),
  };
}
