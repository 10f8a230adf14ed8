import type {
  OperationKind,
  OperationStatus,
  Placement,
  Plan,
  StepStatus,
  TenantStatus,
} from '@kyong/contracts';
import type { Operation, OperationStep } from '../../operation.ts';
import type { Tenant } from '../../tenant.ts';

export interface TenantRow {
  id: string;
  name: string;
  plan: Plan;
  placement: Placement;
  status: TenantStatus;
  region: string;
  owner_id: string;
  schema_version: string | null;
  instance_id: string | null;
  engine_version: string | null;
  database_host: string | null;
  database_port: number | null;
  database_name: string | null;
  database_role: string | null;
  secret_ref: string | null;
  previous_role: string | null;
  previous_secret_ref: string | null;
  created_at: Date;
}

export function toTenant(row: TenantRow): Tenant {
  const {
    instance_id,
    database_name,
    database_role,
    secret_ref,
    database_host,
    database_port,
    engine_version,
    previous_role,
    previous_secret_ref,
  } = row;
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
    reservation:
      instance_id && database_name && database_role && secret_ref
        ? {
            tenantId: row.id,
            plan: row.plan,
            placement: row.placement,
            instanceId: instance_id,
            databaseName: database_name,
            roleName: database_role,
            secretRef: secret_ref,
          }
        : null,
    endpoint:
      database_host && database_port && engine_version
        ? { host: database_host, port: database_port, engineVersion: engine_version }
        : null,
    previousLogin:
      previous_role && previous_secret_ref
        ? { roleName: previous_role, secretRef: previous_secret_ref }
        : null,
  };
}

/** A row of `operationColumns`. */
export interface OperationRow {
  id: string;
  tenant_id: string;
  kind: OperationKind;
  status: OperationStatus;
  undoing: boolean;
  actor: string;
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
  o.id, o.tenant_id, o.kind, o.status, o.undoing, o.actor, o.error, o.created_at, o.finished_at,
  (SELECT json_agg(s ORDER BY s.position) FROM operation_steps s WHERE s.operation_id = o.id) AS steps`;

export function toOperation(row: OperationRow): Operation {
  return {
    id: row.id,
    tenantId: row.tenant_id,
    kind: row.kind,
    status: row.status,
    undoing: row.undoing,
    actor: row.actor,
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
