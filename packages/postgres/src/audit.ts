import type { ClientBase, Pool } from 'pg';

/** Something somebody asked for. Never a secret, and no more of a person than their id. */
export interface AuditEntry {
  /** Subject of the token. */
  actor: string;
  sourceIp: string | null;
  /** Such as `suspend` or `member.grant`. */
  action: string;
  tenantId: string;
  operationId?: string;
  /** Why it was not done: the code of the problem that was answered. */
  refused?: string;
  detail?: Record<string, unknown>;
}

/** Writes into the audit of the master database; with the client of a transaction, together with what it tells of. */
export async function writeAudit(client: ClientBase | Pool, entry: AuditEntry): Promise<void> {
  const { actor, sourceIp, action, tenantId, operationId, refused, detail = {} } = entry;
  await client.query(
    `INSERT INTO audit (actor, source_ip, action, tenant_id, operation_id, refused, detail)
     VALUES ($1, $2, $3, $4, $5, $6, $7)`,
    [actor, sourceIp, action, tenantId, operationId ?? null, refused ?? null, detail],
  );
}
