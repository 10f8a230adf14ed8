import {
  type Migration as MigrationView,
  type Operation as OperationView,
  restoreReport,
  type Tenant as TenantView,
} from '@kyong/contracts';
import type {
  Archive,
  DatabaseEndpoint,
  DatabaseReservation,
  Departure,
  FleetMigrationReport,
  Operation,
  SecondDatabase,
  Tenant,
} from '@kyong/tenancy';

/** A tenant as the API shows it; where its database is, operators alone see. */
export function tenantView(
  tenant: Tenant,
  operation: Operation | undefined,
  forOperator: boolean,
): TenantView {
  const { reservation, endpoint } = tenant;
  return {
    tenantId: tenant.id,
    name: tenant.name,
    plan: tenant.plan,
    placement: tenant.placement,
    status: tenant.status,
    region: tenant.region,
    schemaVersion: tenant.schemaVersion,
    createdAt: tenant.createdAt.toISOString(),
    ...(operation && {
      operation: { operationId: operation.id, kind: operation.kind, status: operation.status },
    }),
    ...(forOperator && reservation && endpoint && { database: databaseView(reservation, endpoint) }),
  };
}

/** How far a tenant that leaves has got; nothing for one that stays. */
export function departureView(departure: Departure | undefined): Pick<TenantView, 'departure'> {
  if (!departure) return {};
  const { eraseAfter, archive, proof } = departure;
  return {
    departure: {
      ...(eraseAfter && { eraseAfter: eraseAfter.toISOString() }),
      export: exportView(archive),
      ...(proof && { proof }),
    },
  };
}

/** What an archive is known by; where it is kept, nobody needs. */
export function exportView({ rows, bytes, sha256, exportedAt }: Archive) {
  return { rows, bytes, sha256, exportedAt: exportedAt.toISOString() };
}

function databaseView(reservation: DatabaseReservation, { host, port, engineVersion }: DatabaseEndpoint) {
  const { databaseName: name, roleName: role, secretRef: secret, instanceId } = reservation;
  return { host, port, name, role, secret, engineVersion, instanceId };
}

/** What a restore has made and nobody has decided about; nothing where there is none. */
export function restoredDatabaseView(databases: SecondDatabase[]): Pick<TenantView, 'restoredDatabase'> {
  const restored = databases.find(({ state }) => state === 'restored');
  return restored?.endpoint
    ? { restoredDatabase: databaseView(restored.reservation, restored.endpoint) }
    : {};
}

/** Where the tenant lived before; nothing where there is none. */
export function previousDatabasesView(databases: SecondDatabase[]): Pick<TenantView, 'previousDatabases'> {
  const previousDatabases = databases.flatMap(({ keepUntil, reservation: { instanceId, databaseName } }) =>
    keepUntil ? [{ instanceId, name: databaseName, keepUntil: keepUntil.toISOString() }] : [],
  );
  return previousDatabases.length > 0 ? { previousDatabases } : {};
}

/** What a restore found says much of the tenant's business: for operators. */
export function operationView(operation: Operation, forOperator: boolean): OperationView {
  return {
    operationId: operation.id,
    tenantId: operation.tenantId,
    kind: operation.kind,
    status: operation.status,
    startedAt: operation.createdAt.toISOString(),
    ...(operation.finishedAt && { finishedAt: operation.finishedAt.toISOString() }),
    steps: operation.steps.map(({ name, status, startedAt, finishedAt, detail, error }) => ({
      name,
      status,
      ...(startedAt && { startedAt: startedAt.toISOString() }),
      ...(finishedAt && { finishedAt: finishedAt.toISOString() }),
      ...(detail !== null && { detail }),
      ...(error !== null && { error }),
    })),
    ...(forOperator && operation.report !== null && { report: restoreReport.parse(operation.report) }),
    ...(operation.error !== null && { error: operation.error }),
  };
}

export function migrationView(migration: FleetMigrationReport): MigrationView {
  const { id, targetVersion, status, concurrency, maxFailures, counts, failures, waiting } = migration;
  return {
    migrationId: id,
    targetVersion,
    status,
    concurrency,
    maxFailures,
    startedAt: migration.createdAt.toISOString(),
    ...(migration.finishedAt && { finishedAt: migration.finishedAt.toISOString() }),
    ...(migration.reason !== null && { reason: migration.reason }),
    tenants: { pending: 0, running: 0, succeeded: 0, failed: 0, skipped: 0, ...counts },
    failures,
    waiting,
  };
}
