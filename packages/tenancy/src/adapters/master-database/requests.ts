import { type Pool, type PoolClient, transaction } from '@kyong/postgres';
import type { ProvisionOutcome, ProvisionRequest, TenancyStore } from '../../ports.ts';
import { lockName } from './idle.ts';
import { requestOperation, writeOperation } from './request-operation.ts';
import { retryOperation } from './retry-operation.ts';

export function requests(
  pool: Pool,
): Pick<TenancyStore, 'requestProvision' | 'requestOperation' | 'retryOperation'> {
  return {
    requestProvision: (request) => transaction(pool, (client) => requestProvision(client, request)),
    requestOperation: (request) => transaction(pool, (client) => requestOperation(client, request)),
    retryOperation: (operationId, caller) =>
      transaction(pool, (client) => retryOperation(client, operationId, caller)),
  };
}

async function requestProvision(client: PoolClient, request: ProvisionRequest): Promise<ProvisionOutcome> {
  // One request of a caller at a time: its keys and its number of tenants are counted in peace.
  await client.query("SELECT pg_advisory_xact_lock(hashtextextended('provision:' || $1, 0))", [
    request.caller,
  ]);

  if (request.idempotencyKey !== undefined) {
    const known = await findByKey(client, request.caller, request.idempotencyKey);
    if (known && known.request_hash !== request.requestHash) return { outcome: 'key-reused' };
    if (known) return { outcome: 'accepted', operationId: known.operation_id, created: false };
  }

  const existing = await findTenant(client, request.tenantId);
  if (
    existing &&
    existing.owner_id === request.caller &&
    existing.plan === request.plan &&
    !existing.is_free &&
    !existing.has_left
  ) {
    await rememberKey(client, request, existing.operation_id);
    return { outcome: 'accepted', operationId: existing.operation_id, created: false };
  }
  if (existing && !existing.is_free) return { outcome: 'taken' };
  if (await ownsTooMany(client, request)) return { outcome: 'too-many' };

  const retryAfterSeconds = await untilServerIsFree(client, request);
  if (retryAfterSeconds > 0) return { outcome: 'servers-exhausted', retryAfterSeconds };

  if (!(await writeTenant(client, request))) return { outcome: 'taken' };
  const { plan, name, region } = request;
  await writeOperation(client, { ...request, kind: 'provision', input: { plan, name, region } });
  if (request.maxServersPerDay !== null)
    await client.query('INSERT INTO self_service_servers (operation_id) VALUES ($1)', [request.operationId]);
  await rememberKey(client, request, request.operationId);
  return { outcome: 'accepted', operationId: request.operationId, created: true };
}

async function findByKey(client: PoolClient, caller: string, key: string) {
  const { rows } = await client.query<{ request_hash: string; operation_id: string }>(
    'SELECT request_hash, operation_id FROM idempotency_keys WHERE caller = $1 AND key = $2',
    [caller, key],
  );
  return rows[0];
}

/**
 * The tenant with its provisioning; `is_free` when that was undone completely, so that the name may be taken again. The name
 * of one that has left is never free: its members would find somebody else there.
 */
async function findTenant(client: PoolClient, tenantId: string) {
  const { rows } = await client.query<{
    owner_id: string;
    plan: string;
    operation_id: string;
    is_free: boolean;
    has_left: boolean;
  }>(
    `SELECT t.owner_id, t.plan, o.id AS operation_id, t.status = 'failed' AND o.status = 'compensated' AS is_free,
            t.status IN ('offboarding', 'offboarded') AS has_left
       FROM tenants t
       JOIN operations o ON o.tenant_id = t.id AND o.kind = 'provision'
      WHERE t.id = $1
      ORDER BY o.created_at DESC
      LIMIT 1
        FOR UPDATE OF t`,
    [tenantId],
  );
  return rows[0];
}

async function ownsTooMany(
  client: PoolClient,
  { caller, maxTenantsPerOwner }: ProvisionRequest,
): Promise<boolean> {
  if (maxTenantsPerOwner === null) return false;
  const { rows } = await client.query<{ owned: number }>(
    "SELECT count(*)::int AS owned FROM tenants WHERE owner_id = $1 AND status NOT IN ('failed', 'offboarded')",
    [caller],
  );
  return (rows[0]?.owned ?? 0) >= maxTenantsPerOwner;
}

/**
 * Whole seconds until a server may be ordered, a day's at most; 0 for now. From here to the end of the transaction no other is
 * ordered: requests that come at one time are counted one after the other. One that was undone counts, too. By the clock and
 * not by `now()`, the beginning of this transaction: one that began later may have ordered while this one waited.
 */
async function untilServerIsFree(
  client: PoolClient,
  { maxServersPerDay }: ProvisionRequest,
): Promise<number> {
  if (maxServersPerDay === null) return 0;
  await client.query("SELECT pg_advisory_xact_lock(hashtextextended('kyo:self-service-servers', 0))");
  const { rows } = await client.query<{ seconds: number }>(
    `SELECT ceil(extract(epoch FROM created_at + interval '1 day' - clock_timestamp()))::int AS seconds
       FROM self_service_servers WHERE created_at > clock_timestamp() - interval '1 day'
      ORDER BY created_at DESC OFFSET $1 LIMIT 1`,
    [maxServersPerDay - 1],
  );
  return rows[0]?.seconds ?? 0;
}

/** False when somebody else took the name a moment ago: the primary key decides, whatever was read before. */
async function writeTenant(client: PoolClient, request: ProvisionRequest): Promise<boolean> {
  const { tenantId, name, plan, placement, region, caller } = request;
  await lockName(client, tenantId);
  const { rowCount } = await client.query(
    `INSERT INTO tenants (id, name, plan, placement, status, region, owner_id)
     VALUES ($1, $2, $3, $4, 'provisioning', $5, $6)
     ON CONFLICT (id) DO UPDATE SET
       name = excluded.name, plan = excluded.plan, placement = excluded.placement, status = excluded.status,
       region = excluded.region, owner_id = excluded.owner_id, created_at = now(), updated_at = now()
     WHERE tenants.status = 'failed' AND tenants.instance_id IS NULL`,
    [tenantId, name, plan, placement, region, caller],
  );
  return rowCount === 1;
}

async function rememberKey(
  client: PoolClient,
  request: ProvisionRequest,
  operationId: string,
): Promise<void> {
  if (request.idempotencyKey === undefined) return;
  await client.query(
    'INSERT INTO idempotency_keys (caller, key, request_hash, operation_id) VALUES ($1, $2, $3, $4)',
    [request.caller, request.idempotencyKey, request.requestHash, operationId],
  );
}
