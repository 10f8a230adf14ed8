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
  detail?: Record<string, unknown>;
}

/** Of one actor, of one hour, so many refusals are written down; who tries more often is in the log. */
const refusalsAnHour = 60;

/** Writes into the audit of the master database; with the client of a transaction, together with what it tells of. */
export async function writeAudit(client: ClientBase | Pool, entry: AuditEntry): Promise<void> {
  const { actor, sourceIp, action, tenantId, operationId, detail = {} } = entry;
  await client.query(
    `INSERT INTO audit (actor, source_ip, action, tenant_id, operation_id, detail) VALUES ($1, $2, $3, $4, $5, $6)`,
    [actor, sourceIp, action, tenantId, operationId ?? null, detail],
  );
}

/**
 * Writes down what was asked for and refused. Rows are never taken away, and whoever has a token can be refused: of tenants that
 * do not exist nothing is written, nor more than `refusalsAnHour` of one actor.
 * @param entry `refused` is the code of the problem that was answered.
 */
export async function writeRefusal(
  client: ClientBase | Pool,
  entry: Omit<AuditEntry, 'operationId'> & { refused: string },
): Promise<void> {
  const { actor, sourceIp, action, tenantId, refused, detail = {} } = entry;
  await client.query(
    `INSERT INTO audit (actor, source_ip, action, tenant_id, refused, detail)
     SELECT $1, $2, $3, $4, $5, $6
      WHERE EXISTS (SELECT FROM tenants WHERE id = $4)
        AND (SELECT count(*) FROM (
               SELECT FROM audit WHERE actor = $1 AND refused IS NOT NULL AND at > now() - interval '1 hour'
                LIMIT ${refusalsAnHour}) AS recent) < ${refusalsAnHour}`,
    [actor, sourceIp, action, tenantId, refused, detail],
  );
}
