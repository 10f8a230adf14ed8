import type { Pool } from '@kyong/postgres';
import type { FleetMigration, FleetMigrationReport, TenantReport } from '../../fleet/migration.ts';

export interface MigrationRow {
  id: string;
  target_version: string;
  status: FleetMigration['status'];
  concurrency: number;
  max_failures: number;
  reason: string | null;
  created_at: Date;
  finished_at: Date | null;
}

export function toMigration(row: MigrationRow): FleetMigration {
  return {
    id: row.id,
    targetVersion: row.target_version,
    status: row.status,
    concurrency: row.concurrency,
    maxFailures: row.max_failures,
    reason: row.reason,
    createdAt: row.created_at,
    finishedAt: row.finished_at,
  };
}

/** The newest migration that fits, with what became of its tenants. */
export async function report(
  pool: Pool,
  condition: string,
  values: unknown[],
): Promise<FleetMigrationReport | undefined> {
  const listed = (status: string) => `
    (SELECT coalesce(json_agg(json_build_object(
              'tenantId', tenant_id, 'fromVersion', from_version, 'attempts', attempts, 'reason', detail
            ) ORDER BY tenant_id), '[]')
       FROM fleet_migration_tenants WHERE migration_id = f.id AND status = '${status}' AND detail IS NOT NULL)`;
  const { rows } = await pool.query<
    MigrationRow & {
      counts: FleetMigrationReport['counts'] | null;
      failures: TenantReport[];
      waiting: TenantReport[];
    }
  >(
    `SELECT f.*, ${listed('failed')} AS failures, ${listed('pending')} AS waiting,
            (SELECT json_object_agg(status, count)
               FROM (SELECT status, count(*)::int FROM fleet_migration_tenants WHERE migration_id = f.id GROUP BY 1) c
            ) AS counts
       FROM fleet_migrations f WHERE ${condition} ORDER BY created_at DESC LIMIT 1`,
    values,
  );
  const row = rows[0];
  return (
    row && {
      ...toMigration(row),
      counts: row.counts ?? {},
      failures: row.failures,
      waiting: row.waiting,
    }
  );
}
