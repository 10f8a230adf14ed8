import { type PoolClient, writeAudit } from '@kyong/postgres';
import type { RetryOutcome } from '../../ports.ts';

/**
 * Takes up an operation that was left for the operator: what it could not undo is tried again, as often as the first time; what it
 * did not know how to do is done, or left out where there is no such step any more.
 * Only the last one of a tenant, for what came after it has built on what was there.
 */
export async function retryOperation(
  client: PoolClient,
  operationId: string,
  caller: { id: string; sourceIp: string | null },
): Promise<RetryOutcome> {
  const tenantId = await lockTenantOf(client, operationId);
  if (tenantId === undefined) return { outcome: 'unknown' };
  const { rows } = await client.query<{ status: string; is_last: boolean }>(
    `SELECT status, NOT EXISTS (
              SELECT FROM operations later WHERE later.tenant_id = o.tenant_id AND later.created_at > o.created_at) AS is_last
       FROM operations o WHERE id = $1`,
    [operationId],
  );
  const [operation] = rows;
  // It is under way already: what is asked for is so.
  if (operation?.status === 'running') return { outcome: 'accepted', tenantId, created: false };
  if (operation?.status !== 'failed' || !operation.is_last) return { outcome: 'not-parked' };

  // One that was not being undone goes on forwards, from the step that this version of the code, or the one before, did not know.
  await client.query(
    `UPDATE operation_steps s
        SET undo_attempts = 0, attempts = CASE WHEN o.undoing THEN s.attempts ELSE 0 END,
            status = CASE WHEN o.undoing THEN s.status ELSE 'pending' END
       FROM operations o WHERE o.id = $1 AND s.operation_id = o.id AND s.status = 'failed'`,
    [operationId],
  );
  await client.query(
    `UPDATE operations SET status = 'running', finished_at = NULL, next_attempt_at = now(), lease_owner = NULL,
            lease_expires_at = NULL, error = CASE WHEN undoing THEN error END WHERE id = $1`,
    [operationId],
  );
  await writeAudit(client, {
    actor: caller.id,
    sourceIp: caller.sourceIp,
    action: 'operation.retry',
    tenantId,
    operationId,
  });
  return { outcome: 'accepted', tenantId, created: true };
}

async function lockTenantOf(client: PoolClient, operationId: string): Promise<string | undefined> {
  const { rows } = await client.query<{ id: string }>(
    'SELECT t.id FROM tenants t JOIN operations o ON o.tenant_id = t.id WHERE o.id = $1 FOR UPDATE OF t',
    [operationId],
  );
  return rows[0]?.id;
}
