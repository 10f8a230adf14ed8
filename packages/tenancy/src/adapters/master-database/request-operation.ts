import type { OperationKind, OperationStatus, TenantStatus } from '@kyong/contracts';
import type { PoolClient } from '@kyong/postgres';
import type { OperationRequest, OperationRequestOutcome } from '../../ports.ts';

/** Records a change to a tenant that exists; the same request again finds the same operation. */
export async function requestOperation(
  client: PoolClient,
  request: OperationRequest,
): Promise<OperationRequestOutcome> {
  const { tenantId, kind, from, during, repeatable, operationId, input } = request;
  const tenant = await lockTenant(client, tenantId, input);
  if (!tenant) return { outcome: 'unknown' };

  // Under way, or done and nothing has happened since: what is asked for is so, or will be.
  const same =
    tenant.kind === kind &&
    tenant.same_input &&
    (tenant.operation_status === 'running' || (tenant.operation_status === 'succeeded' && !repeatable));
  if (same) {
    return { outcome: 'accepted', operationId: tenant.operation_id, status: tenant.status, created: false };
  }
  if (tenant.operation_status === 'running')
    return { outcome: 'running', operationId: tenant.operation_id, kind: tenant.kind };
  if (!from.includes(tenant.status)) return { outcome: 'conflict', status: tenant.status };
  if (await isBeingMigrated(client, tenantId)) return { outcome: 'migrating' };
  if (during) {
    await client.query('UPDATE tenants SET status = $2, updated_at = now() WHERE id = $1', [
      tenantId,
      during,
    ]);
  }
  await writeOperation(client, request);
  return { outcome: 'accepted', operationId, status: during ?? tenant.status, created: true };
}

/** The tenant and its latest operation; nobody else changes it until the transaction ends. */
async function lockTenant(client: PoolClient, tenantId: string, input: object) {
  // First, in a statement of its own: the next one then sees the operation that another request has just written.
  await client.query('SELECT FROM tenants WHERE id = $1 FOR UPDATE', [tenantId]);
  const { rows } = await client.query<{
    status: TenantStatus;
    operation_id: string;
    kind: OperationKind;
    operation_status: OperationStatus;
    same_input: boolean;
  }>(
    `SELECT t.status, o.id AS operation_id, o.kind, o.status AS operation_status, o.input = $2 AS same_input
       FROM tenants t
       JOIN operations o ON o.tenant_id = t.id
      WHERE t.id = $1
      ORDER BY o.created_at DESC
      LIMIT 1`,
    [tenantId, input],
  );
  return rows[0];
}

/** Asked after the tenant is locked: see `takeTargets` of the fleet migrations. */
async function isBeingMigrated(client: PoolClient, tenantId: string): Promise<boolean> {
  const { rowCount } = await client.query(
    `SELECT FROM fleet_migration_tenants m JOIN fleet_migrations f ON f.id = m.migration_id
      WHERE m.tenant_id = $1 AND m.status = 'running' AND f.status = 'running' AND f.lease_expires_at > now()`,
    [tenantId],
  );
  return rowCount !== 0;
}

export interface NewOperation {
  operationId: string;
  tenantId: string;
  kind: OperationKind;
  input: object;
  caller: string;
  sourceIp: string | null;
  stepNames: string[];
}

/** The operation, its steps, and who asked for it: in one statement, before anything is done. */
export async function writeOperation(client: PoolClient, operation: NewOperation): Promise<void> {
  const { operationId, tenantId, kind, input, caller, sourceIp, stepNames } = operation;
  await client.query(
    `WITH operation AS (
       INSERT INTO operations (id, tenant_id, kind, input, actor) VALUES ($1, $2, $3, $4, $5) RETURNING id
     ),
     trace AS (
       INSERT INTO audit (actor, source_ip, action, tenant_id, operation_id) SELECT $5, $6, $3, $2, id FROM operation
     )
     INSERT INTO operation_steps (operation_id, position, name)
     SELECT operation.id, step.position, step.name
       FROM operation, unnest($7::text[]) WITH ORDINALITY AS step (name, position)`,
    [operationId, tenantId, kind, input, caller, sourceIp, stepNames],
  );
}
