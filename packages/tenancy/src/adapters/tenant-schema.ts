import { createHash, createHmac, pbkdf2Sync, randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { escapeIdentifier, escapeLiteral, migrate, withConnection } from '@kyong/postgres';
import type { TenantDatabase } from '../ports.ts';

/** SQL files of a tenant's database. */
export const tenantMigrations = join(import.meta.dirname, '../../migrations/tenant');

const roleExists = '42710';

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

/** What PostgreSQL keeps of a password with SCRAM-SHA-256 (RFC 5803, RFC 7677). */
function scramVerifier(password: string): string {
  const iterations = 4096;
  const salt = randomBytes(16);
  const salted = pbkdf2Sync(password, salt, iterations, 32, 'sha256');
  const hmac = (text: string) => createHmac('sha256', salted).update(text).digest();
  const storedKey = createHash('sha256').update(hmac('Client Key')).digest('base64');
  const serverKey = hmac('Server Key').toString('base64');
  return `SCRAM-SHA-256$${iterations}:${salt.toString('base64')}$${storedKey}:${serverKey}`;
}
