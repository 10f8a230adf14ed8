import type { Pool } from '@kyong/postgres';
import type { TenancyStore } from '../../ports.ts';
import {
  type OperationRow,
  operationColumns,
  type SecondDatabaseRow,
  type TenantRow,
  toOperation,
  toSecondDatabase,
  toTenant,
} from './rows.ts';

type Queries = Pick<
  TenancyStore,
  | 'findTenant'
  | 'listTenants'
  | 'countTenants'
  | 'findSecondDatabases'
  | 'findDueConfirmations'
  | 'moveInstance'
  | 'findOperation'
  | 'findLatestOperations'
  | 'findDueOperations'
  | 'findOperationsOnInstance'
>;

export function queries(pool: Pool): Queries {
  return {
    async findTenant(tenantId) {
      const { rows } = await pool.query<TenantRow>('SELECT * FROM tenants WHERE id = $1', [tenantId]);
      return rows[0] && toTenant(rows[0]);
    },

    async listTenants({ status, plan, placement, after, limit }) {
      const { rows } = await pool.query<TenantRow>(
        `SELECT * FROM tenants
          WHERE ($1::text IS NULL OR status = $1) AND ($2::text IS NULL OR plan = $2) AND ($3::text IS NULL OR id > $3)
            AND ($5::text IS NULL OR placement = $5)
          ORDER BY id
          LIMIT $4`,
        [status, plan, after, limit, placement],
      );
      return rows.map(toTenant);
    },

    async countTenants(status) {
      const { rows } = await pool.query<{ count: number }>(
        'SELECT count(*)::int FROM tenants WHERE status = $1',
        [status],
      );
      return rows[0]?.count ?? 0;
    },

    async findSecondDatabases(tenantId) {
      const { rows } = await pool.query<SecondDatabaseRow>(
        'SELECT * FROM second_databases WHERE $1::text IS NULL OR tenant_id = $1 ORDER BY created_at',
        [tenantId],
      );
      return rows.map(toSecondDatabase);
    },

    async findDueConfirmations(now, limit) {
      const { rows } = await pool.query<{ tenant_id: string }>(
        `SELECT DISTINCT s.tenant_id FROM second_databases s JOIN tenants t ON t.id = s.tenant_id
          WHERE s.state = 'previous' AND s.keep_until <= $1 AND t.status IN ('active', 'suspended')
            AND NOT EXISTS (SELECT FROM operations o WHERE o.tenant_id = s.tenant_id AND o.status = 'running')
          LIMIT $2`,
        [now, limit],
      );
      return rows.map((row) => row.tenant_id);
    },

    async moveInstance(instanceId, { host, port }) {
      await pool.query(
        `WITH second AS (
           UPDATE second_databases SET database_host = $2, database_port = $3
            WHERE instance_id = $1 AND (database_host, database_port) <> ($2, $3)
         )
         UPDATE tenants SET database_host = $2, database_port = $3, updated_at = now()
          WHERE instance_id = $1 AND (database_host, database_port) <> ($2, $3)`,
        [instanceId, host, port],
      );
    },

    async findOperation(operationId) {
      const { rows } = await pool.query<OperationRow>(
        `SELECT ${operationColumns} FROM operations o WHERE o.id = $1`,
        [operationId],
      );
      return rows[0] && toOperation(rows[0]);
    },

    async findLatestOperations(tenantIds) {
      const { rows } = await pool.query<OperationRow>(
        `SELECT DISTINCT ON (o.tenant_id) ${operationColumns}
           FROM operations o
          WHERE o.tenant_id = ANY ($1)
          ORDER BY o.tenant_id, o.created_at DESC`,
        [tenantIds],
      );
      return new Map(rows.map((row) => [row.tenant_id, toOperation(row)]));
    },

    async findOperationsOnInstance(instanceId) {
      const { rows } = await pool.query<{ id: string }>(
        `SELECT o.id FROM operations o JOIN tenants t ON t.id = o.tenant_id
          WHERE o.status = 'running' AND t.instance_id = $1`,
        [instanceId],
      );
      return rows.map((row) => row.id);
    },

    async findDueOperations(owner, limit, overdueSeconds = 0) {
      const { rows } = await pool.query<{ id: string }>(
        `SELECT id FROM operations
          WHERE status = 'running' AND next_attempt_at <= now() - make_interval(secs => $3) AND (lease_owner IS NULL OR lease_owner = $1 OR lease_expires_at <= now())
          ORDER BY next_attempt_at
          LIMIT $2`,
        [owner, limit, overdueSeconds],
      );
      return rows.map((row) => row.id);
    },
  };
}
