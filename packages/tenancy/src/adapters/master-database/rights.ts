/** Those who get into the master database; each under a login of its own. */
export const programs = ['otp', 'collaboration', 'api', 'driver'] as const;
export type Program = (typeof programs)[number];

const rows = 'SELECT, INSERT, UPDATE, DELETE';

/**
 * What each program does to which table, and so may do; what stands nowhere is forbidden, and no program changes a schema.
 * A lock on a row counts as an UPDATE. Old code runs beside new code: a right that is needed no more goes a release later.
 */
export const rights: Record<Program, Record<string, string>> = {
  /** kyo-otp-service: signs people in, keeps who may enter which tenant, and the tenants' own limits. */
  otp: {
    users: 'SELECT, INSERT, DELETE',
    user_addresses: 'SELECT, INSERT, UPDATE (address)',
    memberships: rows,
    sessions: 'SELECT, INSERT, UPDATE',
    ended_access: 'SELECT, INSERT',
    tenants: 'SELECT, UPDATE (settings, updated_at)',
    audit: 'INSERT, SELECT (actor, at, refused)',
  },
  /** collaboration-service: finds tenants, says when the last edits of one that leaves are saved, and who gave which role. */
  collaboration: {
    tenants: 'SELECT',
    operations: 'SELECT, UPDATE (edits_saved_at)',
    operation_steps: 'SELECT',
    ended_access: 'SELECT',
    audit: 'INSERT',
  },
  /** The function behind API Gateway: shows everything, and writes down what is asked for. */
  api: {
    tenants: 'SELECT, INSERT, UPDATE',
    operations: 'SELECT, INSERT, UPDATE',
    operation_steps: 'SELECT, INSERT, UPDATE',
    idempotency_keys: 'SELECT, INSERT',
    audit: 'SELECT, INSERT',
    fleet_migrations: 'SELECT, INSERT',
    fleet_migration_tenants: 'SELECT, INSERT',
    second_databases: 'SELECT',
    departures: 'SELECT',
    warm_databases: 'SELECT',
    inspections: 'SELECT, INSERT, DELETE',
    self_service_servers: 'SELECT, INSERT',
    memberships: 'SELECT',
    ended_access: 'SELECT',
  },
  /** The functions that nothing reaches from outside: they ask for what is due, run the steps, migrate the fleet, relay events. */
  driver: {
    tenants: 'SELECT, UPDATE',
    operations: 'SELECT, INSERT, UPDATE',
    operation_steps: rows,
    audit: 'INSERT',
    second_databases: rows,
    departures: rows,
    warm_databases: rows,
    tenant_schema_versions: 'SELECT, INSERT',
    fleet_migrations: 'SELECT, UPDATE',
    inspections: 'SELECT, UPDATE',
    fleet_migration_tenants: 'SELECT, INSERT, UPDATE',
    outbox: 'SELECT, INSERT, UPDATE',
    users: 'SELECT, DELETE',
    idempotency_keys: 'SELECT, DELETE',
    memberships: rows,
    sessions: 'SELECT, DELETE',
    ended_access: 'SELECT, INSERT, DELETE',
  },
};
