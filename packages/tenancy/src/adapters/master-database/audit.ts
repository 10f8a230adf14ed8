import { type Pool, writeRefusal } from '@kyong/postgres';
import type { TenancyStore } from '../../ports.ts';

interface AuditRow {
  id: string;
  at: Date;
  actor: string;
  source_ip: string | null;
  action: string;
  tenant_id: string;
  operation_id: string | null;
  refused: string | null;
  detail: Record<string, unknown>;
}

/** Who asked for what: rows are added, and read. */
export function audit(pool: Pool): Pick<TenancyStore, 'recordRefusal' | 'listAudit'> {
  return {
    recordRefusal: (entry) => writeRefusal(pool, entry),

    async listAudit({ tenantId, actor, action, before, limit }) {
      const { rows } = await pool.query<AuditRow>(
        `SELECT id, at, actor, host(source_ip) AS source_ip, action, tenant_id, operation_id, refused, detail FROM audit
          WHERE ($1::text IS NULL OR tenant_id = $1) AND ($2::text IS NULL OR actor = $2)
            AND ($3::text IS NULL OR action = $3) AND ($4::bigint IS NULL OR id < $4)
          ORDER BY id DESC LIMIT $5`,
        [tenantId, actor, action, before, limit],
      );
      return rows.map((row) => ({
        id: row.id,
        at: row.at,
        actor: row.actor,
        sourceIp: row.source_ip,
        action: row.action,
        tenantId: row.tenant_id,
        operationId: row.operation_id,
        refused: row.refused,
        detail: row.detail,
      }));
    },
  };
}
