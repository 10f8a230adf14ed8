import { join } from 'node:path';
import { escapeIdentifier, escapeLiteral, migrate, withConnection } from '@kyong/postgres';
import type { TenantDatabase } from '../ports.ts';
import { scramVerifier } from './scram.ts';

/** SQL files of a tenant's database. */
export const tenantMigrations = join(import.meta.dirname, '../../migrations/tenant');

const roleExists = '42710';
/** How long a connection may take to notice that it is to end; a commit that has begun is finished first. */
const connectionEndMilliseconds = 5_000;

/** A tenant's database, wherever it is: role, schema and first rows, in SQL. */
export const tenantDatabase: TenantDatabase = {
  ensureRole: (admin, { name, password, connectionLimit }) =>
    withConnection(admin, async (client) => {
      const role = escapeIdentifier(name);
      const database = escapeIdentifier(admin.database);
      // The server sees a verifier and never the password: statements end up in logs.
      const options = `LOGIN CONNECTION LIMIT ${connectionLimit} PASSWORD ${escapeLiteral(scramVerifier(password))}`;
      await client.query(`CREATE ROLE ${role} ${options}`).catch((error: { code?: string }) => {
        if (error.code !== roleExists) throw error;
        return client.query(`ALTER ROLE ${role} ${options}`);
      });
      await client.query(`REVOKE ALL ON DATABASE ${database} FROM PUBLIC`);
      await client.query(`GRANT CONNECT, TEMPORARY ON DATABASE ${database} TO ${role}`);
    }),

  migrate: (admin, roleName) =>
    withConnection(admin, async (client) => {
      const { version } = await migrate(client, tenantMigrations);
      const role = escapeIdentifier(roleName);
      await client.query(`
        BEGIN;
        GRANT USAGE ON SCHEMA public TO ${role};
        GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO ${role};
        GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO ${role};
        REVOKE INSERT, UPDATE, DELETE ON schema_migrations FROM ${role};
        COMMIT`);
      return version;
    }),

  closeRole: (admin, roleName) =>
    withConnection(admin, async (client) => {
      await client.query(`ALTER ROLE ${escapeIdentifier(roleName)} NOLOGIN`);
      const { rowCount } = await client.query(
        'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = $1',
        [roleName],
      );
      // All are told first; then each is waited for.
      await client.query('SELECT pg_terminate_backend(pid, $2) FROM pg_stat_activity WHERE usename = $1', [
        roleName,
        connectionEndMilliseconds,
      ]);
      const { rowCount: left } = await client.query('SELECT FROM pg_stat_activity WHERE usename = $1', [
        roleName,
      ]);
      if (left) throw new Error(`${left} connections of ${roleName} do not end.`);
      return rowCount ?? 0;
    }),

  openRole: (admin, roleName) =>
    withConnection(admin, async (client) => {
      await client.query(`ALTER ROLE ${escapeIdentifier(roleName)} LOGIN`);
    }),

  seed: (admin, { tenantId, name }) =>
    withConnection(admin, async (client) => {
      await client.query('INSERT INTO gym (tenant_id, name) VALUES ($1, $2) ON CONFLICT DO NOTHING', [
        tenantId,
        name,
      ]);
    }),
};
