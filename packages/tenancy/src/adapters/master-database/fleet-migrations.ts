import { type Pool, type PoolClient, transaction } from '@kyong/postgres';
import type {
  FleetMigrationRequest,
  FleetMigrationStore,
  MigrationClaim,
  MigrationTarget,
} from '../../fleet/migration.ts';
import { LeaseLost } from '../../operation.ts';
import { type MigrationRow, report, toMigration } from './fleet-migration-rows.ts';
import { type TenantRow, toTenant } from './rows.ts';

/** Tenants that have a database and keep it: a suspended one may come back. Those under way get the newest by themselves. */
const withDatabase = `
  schema_version IS NOT NULL AND instance_id IS NOT NULL
  AND status IN ('provisioning', 'active', 'suspended', 'changing-plan', 'restoring', 'offboarding')`;
/** Versions are names of files, in order of their bytes. */
const before = (version: string) => `schema_version COLLATE "C" < ${version}`;

export function createFleetMigrations(pool: Pool): FleetMigrationStore {
  return {
    async countVersions() {
      const { rows } = await pool.query<{ version: string | null; tenants: number }>(
        `SELECT schema_version AS version, count(*)::int AS tenants FROM tenants
          WHERE ${withDatabase} GROUP BY 1 ORDER BY 1`,
      );
      return rows;
    },

    async findTenantsBefore(version) {
      const { rows } = await pool.query<{ id: string }>(
        `SELECT id FROM tenants WHERE ${withDatabase} AND ${before('$1')} ORDER BY id`,
        [version],
      );
      return rows.map(({ id }) => id);
    },

    startMigration: (request) => transaction(pool, (client) => startMigration(client, request)),

    findMigration: (migrationId) => report(pool, 'id = $1', [migrationId]),
    findLatestMigration: () => report(pool, 'true', []),

    async findDueMigrations(owner) {
      const { rows } = await pool.query<{ id: string }>(
        `SELECT id FROM fleet_migrations
          WHERE status = 'running' AND next_attempt_at <= now()
            AND (lease_owner IS NULL OR lease_owner = $1 OR lease_expires_at <= now())`,
        [owner],
      );
      return rows.map(({ id }) => id);
    },

    claimMigration: (migrationId, owner, leaseSeconds) =>
      transaction(pool, (client) => claimMigration(client, migrationId, owner, leaseSeconds)),

    extendMigration: (claim, leaseSeconds) =>
      write(pool, claim, 'lease_expires_at = now() + make_interval(secs => $3)', [leaseSeconds]),

    releaseMigration: (claim, afterSeconds) =>
      write(
        pool,
        claim,
        'lease_owner = NULL, lease_expires_at = NULL, next_attempt_at = now() + make_interval(secs => $3)',
        [afterSeconds],
      ),

    finishMigration: (claim, status, reason) =>
      write(
        pool,
        claim,
        'status = $3, reason = $4, finished_at = now(), lease_owner = NULL, lease_expires_at = NULL',
        [status, reason],
      ),

    takeTargets: (claim, limit) => transaction(pool, (client) => takeTargets(client, claim, limit)),

    async recordResults(claim, results) {
      const { rows } = await pool.query<{ held: number }>(recordResults, [
        claim.migration.id,
        claim.epoch,
        JSON.stringify(results),
      ]);
      if (rows[0]?.held !== 1) throw lost(claim);
    },

    remaining: (claim) => transaction(pool, (client) => remaining(client, claim)),
  };
}

async function startMigration(
  client: PoolClient,
  request: FleetMigrationRequest,
): Promise<{ migrationId: string; created: boolean }> {
  const { id, targetVersion, concurrency, maxFailures, caller, sourceIp, waves } = request;
  const { rowCount } = await client.query(
    `INSERT INTO fleet_migrations (id, target_version, concurrency, max_failures, actor) VALUES ($1, $2, $3, $4, $5)
     ON CONFLICT ((true)) WHERE status = 'running' DO NOTHING`,
    [id, targetVersion, concurrency, maxFailures, caller],
  );
  if (rowCount === 0) {
    const { rows } = await client.query<{ id: string }>(
      "SELECT id FROM fleet_migrations WHERE status = 'running'",
    );
    const underWay = rows[0]?.id;
    // The one that was under way has ended since: this one begins.
    if (underWay === undefined) return startMigration(client, request);
    return { migrationId: underWay, created: false };
  }
  await client.query(
    `WITH target AS (
       INSERT INTO fleet_migration_tenants (migration_id, tenant_id, wave, from_version)
       SELECT $1, t.id, w.wave, t.schema_version
         FROM unnest($2::text[], $3::integer[]) AS w (tenant_id, wave) JOIN tenants t ON t.id = w.tenant_id
       RETURNING tenant_id
     )
     INSERT INTO audit (actor, source_ip, action, tenant_id) SELECT $4, $5, 'migrate', tenant_id FROM target`,
    [id, waves.flat(), waves.flatMap((tenants, wave) => tenants.map(() => wave)), caller, sourceIp],
  );
  return { migrationId: id, created: true };
}

async function claimMigration(client: PoolClient, migrationId: string, owner: string, leaseSeconds: number) {
  const { rows } = await client.query<MigrationRow & { epoch: number }>(
    `UPDATE fleet_migrations
        SET lease_owner = $2, lease_expires_at = now() + make_interval(secs => $3), epoch = epoch + 1
      WHERE id = $1 AND status = 'running'
        AND (lease_owner IS NULL OR lease_owner = $2 OR lease_expires_at <= now())
     RETURNING *`,
    [migrationId, owner, leaseSeconds],
  );
  const row = rows[0];
  if (!row) {
    const { rowCount } = await client.query(
      "SELECT FROM fleet_migrations WHERE id = $1 AND status = 'running'",
      [migrationId],
    );
    return rowCount ? ('busy' as const) : ('finished' as const);
  }
  // Begun by a driver that is no more; what their databases have, their ledgers say.
  await client.query(
    "UPDATE fleet_migration_tenants SET status = 'pending' WHERE migration_id = $1 AND status = 'running'",
    [migrationId],
  );
  const { rows: failed } = await client.query<{ all: number; canaries: number }>(
    `SELECT count(*)::int AS all, count(*) FILTER (WHERE wave = 0)::int AS canaries
       FROM fleet_migration_tenants WHERE migration_id = $1 AND status = 'failed'`,
    [migrationId],
  );
  const failures = failed[0] ?? { all: 0, canaries: 0 };
  return { epoch: row.epoch, migration: toMigration(row), failures };
}

/**
 * Tenants are locked first, and looked at for operations afterwards: whoever asks for an operation locks the tenant too,
 * so that one of the two sees the other.
 */
async function takeTargets(
  client: PoolClient,
  claim: MigrationClaim,
  limit: number,
): Promise<MigrationTarget[]> {
  await hold(client, claim);
  const { rows: locked } = await client.query<{ id: string }>(
    `WITH open AS (
       SELECT min(wave) AS wave FROM fleet_migration_tenants
        WHERE migration_id = $1 AND status IN ('pending', 'running') AND (wave = 0 OR detail IS NULL)
     )
     SELECT t.id FROM open, fleet_migration_tenants m JOIN tenants t ON t.id = m.tenant_id
      WHERE m.migration_id = $1 AND m.status = 'pending' AND m.next_attempt_at <= now()
        AND (open.wave IS NULL OR m.wave <= open.wave)
      ORDER BY m.wave, m.tenant_id
      LIMIT $2
        FOR NO KEY UPDATE OF t SKIP LOCKED`,
    [claim.migration.id, limit],
  );
  const { rows } = await client.query<{
    tenant: TenantRow;
    wave: number;
    attempts: number;
    kind: string | null;
  }>(
    `UPDATE fleet_migration_tenants m
        SET status = CASE WHEN o.kind IS NULL THEN 'running' ELSE 'pending' END
       FROM tenants t LEFT JOIN operations o ON o.tenant_id = t.id AND o.status = 'running'
      WHERE m.migration_id = $1 AND m.tenant_id = t.id AND t.id = ANY ($2)
     RETURNING to_jsonb(t) AS tenant, m.wave, m.attempts, o.kind`,
    [claim.migration.id, locked.map(({ id }) => id)],
  );
  return rows.map(({ tenant, wave, attempts, kind }) => ({
    tenant: toTenant({ ...tenant, created_at: new Date(tenant.created_at) }),
    wave,
    attempt: attempts + 1,
    operation: kind,
  }));
}

const recordResults = `
  WITH held AS (
    SELECT id FROM fleet_migrations WHERE id = $1 AND epoch = $2 AND status = 'running' FOR UPDATE
  ),
  result AS (
    SELECT r.* FROM held, jsonb_to_recordset($3) AS
      r ("tenantId" text, status text, version text, detail text, "afterSeconds" double precision)
  ),
  recorded AS (
    UPDATE fleet_migration_tenants m
       SET status = r.status, detail = r.detail, next_attempt_at = now() + make_interval(secs => r."afterSeconds"),
           -- One that was only given back has not been tried.
           attempts = m.attempts + CASE WHEN r.status = 'pending' AND r.detail IS NULL THEN 0 ELSE 1 END,
           finished_at = CASE WHEN r.status <> 'pending' THEN now() END
      FROM result r WHERE m.migration_id = $1 AND m.tenant_id = r."tenantId"
  ),
  tenant AS (
    UPDATE tenants t SET schema_version = r.version, updated_at = now()
      FROM result r WHERE t.id = r."tenantId" AND r.version IS NOT NULL
  ),
  version AS (
    INSERT INTO tenant_schema_versions (tenant_id, version)
    SELECT "tenantId", version FROM result WHERE version IS NOT NULL ON CONFLICT DO NOTHING
  )
  SELECT count(*)::int AS held FROM held`;

async function remaining(client: PoolClient, claim: MigrationClaim) {
  await hold(client, claim);
  const { id, targetVersion } = claim.migration;
  // Tenants that came after the others were counted go last.
  await client.query(
    `INSERT INTO fleet_migration_tenants (migration_id, tenant_id, wave, from_version)
     SELECT $1, t.id, (SELECT coalesce(max(wave), 0) + 1 FROM fleet_migration_tenants WHERE migration_id = $1),
            t.schema_version
       FROM tenants t WHERE ${withDatabase} AND ${before('$2')}
     ON CONFLICT DO NOTHING`,
    [id, targetVersion],
  );
  const { rows } = await client.query<{ tenants: number; next: number | null }>(
    `SELECT count(*)::int AS tenants,
            -- Not at once: those whose time has come are locked by somebody.
            greatest(0.2, extract(epoch FROM min(next_attempt_at) - now()))::double precision AS next
       FROM fleet_migration_tenants WHERE migration_id = $1 AND status = 'pending'`,
    [id],
  );
  return { tenants: rows[0]?.tenants ?? 0, nextInSeconds: rows[0]?.next ?? 0 };
}

/** @throws {LeaseLost} */
async function write(pool: Pool, claim: MigrationClaim, assignments: string, values: unknown[]) {
  const { rowCount } = await pool.query(
    `UPDATE fleet_migrations SET ${assignments} WHERE id = $1 AND epoch = $2 AND status = 'running'`,
    [claim.migration.id, claim.epoch, ...values],
  );
  if (rowCount !== 1) throw lost(claim);
}

/** Until the transaction ends nobody else takes the migration over. @throws {LeaseLost} */
async function hold(client: PoolClient, claim: MigrationClaim): Promise<void> {
  const { rowCount } = await client.query(
    "SELECT FROM fleet_migrations WHERE id = $1 AND epoch = $2 AND status = 'running' FOR UPDATE",
    [claim.migration.id, claim.epoch],
  );
  if (rowCount !== 1) throw lost(claim);
}

const lost = ({ migration }: MigrationClaim) =>
  new LeaseLost(`Migration ${migration.id} has another driver.`);
