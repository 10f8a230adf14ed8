import type {
  OperationKind,
  OperationStatus,
  Placement,
  Plan,
  StepStatus,
  TenantStatus,
} from '@kyong/contracts';
import type { Operation, OperationStep } from '../../operation.ts';
import type { DatabaseEndpoint, DatabaseReservation, SecondDatabase, Tenant } from '../../tenant.ts';

/** Where a database is, in `tenants` and in `second_databases`. */
interface PlaceRow {
  plan: Plan;
  placement: Placement;
  schema_version: string | null;
  instance_id: string | null;
  engine_version: string | null;
  database_host: string | null;
  database_port: number | null;
  database_name: string | null;
  database_role: string | null;
  secret_ref: string | null;
}

export interface TenantRow extends PlaceRow {
  id: string;
  name: string;
  status: TenantStatus;
  region: string;
  owner_id: string;
  previous_role: string | null;
  previous_secret_ref: string | null;
  created_at: Date;
}

export interface SecondDatabaseRow extends PlaceRow {
  operation_id: string;
  tenant_id: string;
  state: SecondDatabase['state'];
  keep_until: Date | string | null;
}

export function toTenant(row: TenantRow): Tenant {
  const { previous_role, previous_secret_ref } = row;
  return {
    id: row.id,
    name: row.name,
    plan: row.plan,
    placement: row.placement,
    status: row.status,
    region: row.region,
    ownerId: row.owner_id,
    schemaVersion: row.schema_version,
    createdAt: row.created_at,
    reservation: toReservation(row.id, row),
    endpoint: toEndpoint(row),
    previousLogin:
      previous_role && previous_secret_ref
        ? { roleName: previous_role, secretRef: previous_secret_ref }
        : null,
  };
}

export function toSecondDatabase(row: SecondDatabaseRow): SecondDatabase {
  const reservation = toReservation(row.tenant_id, row);
  if (!reservation) throw new Error(`The second database of operation ${row.operation_id} is incomplete.`);
  return {
    operationId: row.operation_id,
    state: row.state,
    reservation,
    endpoint: toEndpoint(row),
    schemaVersion: row.schema_version,
    keepUntil: row.keep_until === null ? null : new Date(row.keep_until),
  };
}

function toReservation(tenantId: string, row: PlaceRow): DatabaseReservation | null {
  const { plan, placement, instance_id, database_name, database_role, secret_ref } = row;
  if (!instance_id || !database_name || !database_role || !secret_ref) return null;
  return {
    tenantId,
    plan,
    placement,
    instanceId: instance_id,
    databaseName: database_name,
    roleName: database_role,
    secretRef: secret_ref,
  };
}

function toEndpoint({ database_host, database_port, engine_version }: PlaceRow): DatabaseEndpoint | null {
  if (!database_host || !database_port || !engine_version) return null;
  return { host: database_host, port: database_port, engineVersion: engine_version };
}

/** A row of `operationColumns`. */
export interface OperationRow {
  id: string;
  tenant_id: string;
  kind: OperationKind;
  status: OperationStatus;
  undoing: boolean;
  actor: string;
  input: unknown;
  report: unknown;
  error: string | null;
  created_at: Date;
  finished_at: Date | null;
  steps: StepRow[];
}

interface StepRow {
  position: number;
  name: string;
  status: StepStatus;
  attempts: number;
  undo_attempts: number;
  started_at: string | null;
  finished_at: string | null;
  detail: string | null;
  error: string | null;
}

/** An operation with its steps in one row, so that one query is enough. `o` is the operations table. */
export const operationColumns = `
  o.id, o.tenant_id, o.kind, o.status, o.undoing, o.actor, o.input, o.report, o.error, o.created_at, o.finished_at,
  (SELECT json_agg(s ORDER BY s.position) FROM operation_steps s WHERE s.operation_id = o.id) AS steps`;

export function toOperation(row: OperationRow): Operation {
  return {
    id: row.id,
    tenantId: row.tenant_id,
    kind: row.kind,
    status: row.status,
    undoing: row.undoing,
    actor: row.actor,
    input: row.input,
    report: row.report,
    error: row.error,
    createdAt: row.created_at,
    finishedAt: row.finished_at,
    steps: row.steps.map(toStep),
  };
}

function toStep(row: StepRow): OperationStep {
  return {
    position: row.position,
    name: row.name,
    status: row.status,
    attempts: row.attempts,
    undoAttempts: row.undo_attempts,
    startedAt: row.started_at ? new Date(row.started_at) : null,
    finishedAt: row.finished_at ? new Date(row.finished_at) : null,
    detail: row.detail,
    error: row.error,
  };
}
