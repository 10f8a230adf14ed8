import { type Pool, writeAudit, writeRefusal } from '@kyong/postgres';
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
export function audit(pool: Pool): Pick<TenancyStore, 'recordRead' | 'recordRefusal' | 'listAudit'> {
  return {
    recordRead: (entry) => writeAudit(pool, entry),
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

/** What is not about one tenant is written down under this name, which no tenant can have (`isReserved`). */
const platform = 'platform';

/** Events of security that belong into the audit, and are not written there together with what they tell of. */
const kept = new Set([
  ...['otp-template.create', 'otp-template.replace', 'otp-template.delete'],
  ...['document-role.give', 'document-role.take', 'refresh.reuse'],
]);

/** For `keepSecurityEvent` of a service. */
export function auditSecurityEvents(pool: Pool) {
  return async (event: {
    event: string;
    actor: string | null;
    sourceIp: string | null;
    tenantId?: string | undefined;
  }): Promise<void> => {
    if (!kept.has(event.event)) return;
    const { event: action, actor, sourceIp, tenantId = platform } = event;
    await writeAudit(pool, { actor: actor ?? 'nobody', sourceIp, action, tenantId });
  };
}
