import type { TenantEvent } from '@kyong/contracts';
import type { Pool } from '@kyong/postgres';
import type { ClaimOutcome, StepRecord, TenancyStore } from '../../ports.ts';
import type { audit } from './audit.ts';
import type { departures } from './departures.ts';
import type { due } from './due.ts';
import type { endedAccess } from './ended-access.ts';
import { heldWrite } from './held.ts';
import type { idle } from './idle.ts';
import type { logins } from './logins.ts';
import type { queries } from './queries.ts';
import type { requests } from './requests.ts';
import type { retention } from './retention.ts';
import {
  type OperationRow,
  operationColumns,
  type SecondDatabaseRow,
  type TenantRow,
  toOperation,
  toSecondDatabase,
  toTenant,
} from './rows.ts';
import type { secondDatabases } from './second-databases.ts';
import { takeWarm, type warmPool } from './warm-pool.ts';

type Claims = Omit<
  TenancyStore,
  keyof (ReturnType<typeof queries> &
    ReturnType<typeof requests> &
    ReturnType<typeof secondDatabases> &
    ReturnType<typeof logins> &
    ReturnType<typeof departures> &
    ReturnType<typeof due> &
    ReturnType<typeof audit> &
    ReturnType<typeof endedAccess> &
    ReturnType<typeof retention> &
    ReturnType<typeof idle> &
    ReturnType<typeof warmPool>)
>;

export function claims(pool: Pool): Claims {
  const write = heldWrite(pool);
  return {
    claim: (operationId, owner, leaseSeconds) => claim(pool, operationId, owner, leaseSeconds),

    extendLease: (current, leaseSeconds) =>
      write(
        current,
        `extended AS (
           UPDATE operations o SET lease_expires_at = now() + make_interval(secs => $3) FROM held WHERE o.id = held.id
         )`,
        [leaseSeconds],
      ),

    startStep: (current, position) =>
      write(
        current,
        `step AS (
           UPDATE operation_steps s
              SET status = 'running', attempts = attempts + 1, started_at = coalesce(started_at, now()), error = NULL
             FROM held WHERE s.operation_id = held.id AND s.position = $3
         )`,
        [position],
      ),

    recordStep: (current, record) => write(current, recordStep, recordValues(record)),

    succeed: (current, { step, tenantStatus }) =>
      write(
        current,
        `finished AS (
           UPDATE operations o SET status = 'succeeded', finished_at = now(), lease_owner = NULL, lease_expires_at = NULL
             FROM held WHERE o.id = held.id
         ),
         step AS (
           UPDATE operation_steps s
              SET status = 'succeeded', detail = coalesce($4, s.detail), error = NULL, finished_at = now()
             FROM held WHERE s.operation_id = held.id AND s.position = $3
         ),
         ${becomes('$5')}, ${outbox('$6', '$7', '$8')}`,
        [step?.position, step?.detail, tenantStatus, ...eventValues(step?.event)],
      ),

    fail: (current, status, tenantStatus, event, error) =>
      write(
        current,
        `finished AS (
           UPDATE operations o
              SET status = $3, error = coalesce($8, o.error), finished_at = now(), lease_owner = NULL, lease_expires_at = NULL
             FROM held WHERE o.id = held.id
         ),
         ${becomes('$4')}, ${outbox('$5', '$6', '$7')}`,
        [status, tenantStatus, ...eventValues(event), error],
      ),

    replaceSteps: (current, position, names) =>
      write(
        current,
        `dropped AS (
           DELETE FROM operation_steps s USING held
            WHERE s.operation_id = held.id AND s.position >= $3 + cardinality($4::text[])
         ),
         step AS (
           INSERT INTO operation_steps (operation_id, position, name)
           SELECT held.id, $3 + step.number - 1, step.name
             FROM held, unnest($4::text[]) WITH ORDINALITY AS step (name, number)
           ON CONFLICT (operation_id, position) DO UPDATE
             SET name = excluded.name, status = 'pending', attempts = 0, undo_attempts = 0, started_at = NULL,
                 finished_at = NULL, detail = NULL, error = NULL
         ),
         released AS (
           UPDATE operations o SET lease_owner = NULL, lease_expires_at = NULL FROM held WHERE o.id = held.id
         )`,
        [position, names],
      ),

    setStatus: (current, status) =>
      write(
        current,
        `tenant AS (
           UPDATE tenants t SET status = $3, updated_at = now() FROM held WHERE t.id = held.tenant_id
         )`,
        [status],
      ),

    recordPlan: (current, plan) =>
      write(
        current,
        `tenant AS (
           UPDATE tenants t SET plan = $3, updated_at = now() FROM held WHERE t.id = held.tenant_id
         )`,
        [plan],
      ),

    reserveDatabase: (current, { placement, instanceId, databaseName, roleName, secretRef }, variant) =>
      write(
        current,
        `${takeWarm('$7', '$8')},
         tenant AS (
           UPDATE tenants t
              SET instance_id = coalesce(warm.instance_id, $3), warm_id = warm.id,
                  database_name = $4, database_role = $5, secret_ref = $6, updated_at = now()
             FROM held LEFT JOIN warm ON true WHERE t.id = held.tenant_id
         )`,
        [instanceId, databaseName, roleName, secretRef, placement, variant],
      ),

    releaseDatabase: (current) =>
      write(
        current,
        `tenant AS (
           UPDATE tenants t
              SET instance_id = NULL, database_name = NULL, database_role = NULL, secret_ref = NULL, database_host = NULL,
                  database_port = NULL, engine_version = NULL, schema_version = NULL, warm_id = NULL, updated_at = now()
             FROM held WHERE t.id = held.tenant_id
         )`,
      ),

    recordEndpoint: (current, { host, port, engineVersion }) =>
      write(
        current,
        `tenant AS (
           UPDATE tenants t SET database_host = $3, database_port = $4, engine_version = $5, updated_at = now()
             FROM held WHERE t.id = held.tenant_id
         )`,
        [host, port, engineVersion],
      ),

    recordSchemaVersion: (current, version) =>
      write(
        current,
        `tenant AS (
           UPDATE tenants t SET schema_version = $3, updated_at = now() FROM held WHERE t.id = held.tenant_id
         ),
         version AS (
           INSERT INTO tenant_schema_versions (tenant_id, version) SELECT tenant_id, $3 FROM held ON CONFLICT DO NOTHING
         )`,
        [version],
      ),

    recordReport: (current, report) =>
      write(current, `report AS (UPDATE operations o SET report = $3 FROM held WHERE o.id = held.id)`, [
        report,
      ]),

    activate: (current) =>
      write(
        current,
        `tenant AS (
           UPDATE tenants t SET warm_id = NULL, updated_at = now() FROM held WHERE t.id = held.tenant_id
           RETURNING t.id, t.owner_id
         ),
         owner AS (
           INSERT INTO memberships (user_id, tenant_id, role)
           SELECT u.id, tenant.id, 'gym_owner' FROM tenant JOIN users u ON u.id::text = tenant.owner_id
           ON CONFLICT (user_id, tenant_id) DO UPDATE SET role = excluded.role
         )`,
      ),
  };
}

async function claim(
  pool: Pool,
  operationId: string,
  owner: string,
  leaseSeconds: number,
): Promise<ClaimOutcome> {
  const { rows } = await pool.query<
    OperationRow & { epoch: number; tenant: TenantRow; second: SecondDatabaseRow | null }
  >(
    `WITH claimed AS (
       UPDATE operations
          SET lease_owner = $2, lease_expires_at = now() + make_interval(secs => $3), epoch = epoch + 1
        WHERE id = $1 AND status = 'running'
          AND (lease_owner IS NULL OR lease_owner = $2 OR lease_expires_at <= now())
       RETURNING *
     )
     SELECT ${operationColumns}, o.epoch, to_jsonb(t) AS tenant, to_jsonb(s) AS second
       FROM claimed o
       JOIN tenants t ON t.id = o.tenant_id
       LEFT JOIN second_databases s ON s.operation_id = o.id`,
    [operationId, owner, leaseSeconds],
  );
  const row = rows[0];
  if (row) {
    // Inside JSON a time is a text.
    const tenant = toTenant({ ...row.tenant, created_at: new Date(row.tenant.created_at) });
    const second = row.second && toSecondDatabase(row.second);
    return { outcome: 'claimed', claim: { epoch: row.epoch, operation: toOperation(row), tenant, second } };
  }
  const { rows: found } = await pool.query<{ status: string }>(
    'SELECT status FROM operations WHERE id = $1',
    [operationId],
  );
  if (!found[0]) return { outcome: 'unknown' };
  return { outcome: found[0].status === 'running' ? 'busy' : 'finished' };
}

const recordStep = `
  step AS (
    UPDATE operation_steps s
       SET status = $4, detail = coalesce($5, s.detail), error = $6,
           undo_attempts = s.undo_attempts + CASE WHEN $7 THEN 1 ELSE 0 END,
           finished_at = CASE WHEN $4 IN ('succeeded', 'failed', 'undone') THEN now() END
      FROM held WHERE s.operation_id = held.id AND s.position = $3
  ),
  released AS (
    UPDATE operations o
       SET lease_owner = NULL, lease_expires_at = NULL, next_attempt_at = now() + make_interval(secs => $8),
           undoing = o.undoing OR $9::text IS NOT NULL, error = coalesce($9, o.error)
      FROM held WHERE o.id = held.id
  )`;

function recordValues(record: StepRecord): unknown[] {
  const { position, status, detail, error, undo = false, afterSeconds, beginUndo } = record;
  return [position, status, detail ?? null, error ?? null, undo, afterSeconds, beginUndo ?? null];
}

/** The tenant has this status (a parameter) from now on; the one it has, when there is none. */
const becomes = (status: string) => `
  tenant AS (
    UPDATE tenants t SET status = ${status}, updated_at = now()
      FROM held WHERE t.id = held.tenant_id AND ${status}::text IS NOT NULL
  )`;

/** Once an operation and type: an operation that fails again after a retry says so once. */
const outbox = (id: string, type: string, payload: string) => `
  event AS (
    INSERT INTO outbox (id, type, tenant_id, operation_id, payload)
    SELECT ${id}::uuid, ${type}, tenant_id, id, ${payload} FROM held WHERE ${id}::uuid IS NOT NULL
    ON CONFLICT (operation_id, type) DO NOTHING
  )`;

const eventValues = (event: TenantEvent | undefined) => [event?.eventId, event?.type, event];
