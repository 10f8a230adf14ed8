import { migrate, schemaVersion, withConnection } from '@kyong/postgres';
import type { TenantDatabase } from '../ports.ts';
import { tenantMigrations } from './migration-files.ts';
import { compareDatabases } from './restore/compare-databases.ts';
import { exportTenant } from './tenant-export.ts';
import { shareRights, tenantRoles } from './tenant-roles.ts';

export { tenantMigrations } from './migration-files.ts';

/** A tenant's database, wherever it is: roles, schema and first rows, in SQL. */
export const tenantDatabase: TenantDatabase = {
  ...tenantRoles,

  export: exportTenant,

  migrate: (admin, roleName) =>
    withConnection(admin, async (client) => {
      const { version } = await migrate(client, tenantMigrations);
      await shareRights(client, admin, roleName);
      return version;
    }),

  size: (admin) =>
    withConnection(admin, async (client) => {
      const { rows } = await client.query<{ size: string }>(
        'SELECT pg_database_size(current_database()) AS size',
      );
      return Number(rows[0]?.size);
    }),

  hasDocuments: (admin) =>
    withConnection(admin, async (client) => {
      // A database that was not migrated for long has no such table.
      const { rowCount: known } = await client.query(
        "SELECT FROM pg_tables WHERE schemaname = 'public' AND tablename = 'documents'",
      );
      if (!known) return false;
      const { rowCount } = await client.query('SELECT FROM documents LIMIT 1');
      return rowCount === 1;
    }),

  seed: (admin, { tenantId, name }) =>
    withConnection(admin, async (client) => {
      await client.query('INSERT INTO gym (tenant_id, name) VALUES ($1, $2) ON CONFLICT DO NOTHING', [
        tenantId,
        name,
      ]);
    }),

  schemaVersion: (admin) => withConnection(admin, schemaVersion),

  compare: compareDatabases,
};
