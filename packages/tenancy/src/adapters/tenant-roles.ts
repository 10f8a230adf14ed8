import { type ClientBase, escapeIdentifier, withConnection } from '@kyong/postgres';
import type { AdminConnection, TenantDatabase } from '../ports.ts';
import { dropLogin, endSessions, ensureGroup, ensureLogin, loginsOf, membership } from './logins.ts';

type Roles = Pick<TenantDatabase, 'ensureRole' | 'shareRights' | 'closeRole' | 'openRole' | 'dropRole'>;

/** A tenant's roles: whatever is done to its access is done to all its logins. */
export const tenantRoles: Roles = {
  ensureRole: (admin, login) =>
    withConnection(admin, async (client) => {
      await ensureLogin(client, await ensureGroup(client, groupName(admin.database), admin.database), login);
      await boundSessions(client, login.name);
    }),

  shareRights: (admin, roleName) => withConnection(admin, (client) => shareRights(client, admin, roleName)),

  closeRole: (admin, roleName) =>
    withConnection(admin, async (client) => {
      const logins = await loginsOfTenant(client, admin.database, roleName);
      for (const login of logins) await client.query(`ALTER ROLE ${escapeIdentifier(login)} NOLOGIN`);
      return endSessions(client, logins);
    }),

  openRole: (admin, roleName) =>
    withConnection(admin, async (client) => {
      for (const login of await loginsOfTenant(client, admin.database, roleName)) {
        await client.query(`ALTER ROLE ${escapeIdentifier(login)} LOGIN`);
      }
    }),

  dropRole: (admin, roleName) => withConnection(admin, (client) => dropLogin(client, roleName)),
};

/**
 * What a session of a tenant gets unless it says otherwise, and of files on disk whatever it says. Services ask for less time: this
 * is for whoever gets in by a hole in one.
 */
const sessionBounds = { statement_timeout: '30s', idle_in_transaction_session_timeout: '60s' };
/** A sort of a gym's largest table takes a tenth; disks of shared servers are everybody's. */
const temporaryFiles = '1GB';
const insufficientPrivilege = '42501';

async function boundSessions(client: ClientBase, login: string): Promise<void> {
  const role = escapeIdentifier(login);
  const bounds = Object.entries(sessionBounds);
  await client.query(bounds.map(([name, value]) => `ALTER ROLE ${role} SET ${name} = '${value}'`).join(';'));
  // A superuser's to say. Where the admin is none (RDS), what holds is the server's own setting.
  await client
    .query(`ALTER ROLE ${role} SET temp_file_limit = '${temporaryFiles}'`)
    .catch((error: { code?: string }) => {
      if (error.code !== insufficientPrivilege) throw error;
    });
}

/** Lets the tenant's roles at the tables there are and will be. A login that held rights of its own gives them to the group. */
export async function shareRights(
  client: ClientBase,
  { database }: Pick<AdminConnection, 'database'>,
  roleName: string,
): Promise<void> {
  const group = await ensureGroup(client, groupName(database), database);
  const role = escapeIdentifier(roleName);
  const { rowCount: ownRights } = await client.query(
    `SELECT FROM pg_shdepend
      WHERE refclassid = 'pg_authid'::regclass AND refobjid = to_regrole($1) AND deptype = 'a'`,
    [role],
  );
  await client.query(`
    BEGIN;
    ${rightsOf(group)};
    ${membership(group, role)};
    ${ownRights ? revokeFrom(role, database) : ''}
    COMMIT`);
}

/** Rows may be read and written: of every table there is, and of every one a migration will make. */
function rightsOf(group: string): string {
  const [rows, sequences] = ['SELECT, INSERT, UPDATE, DELETE', 'USAGE, SELECT'];
  return `
    GRANT USAGE ON SCHEMA public TO ${group};
    GRANT ${rows} ON ALL TABLES IN SCHEMA public TO ${group};
    GRANT ${sequences} ON ALL SEQUENCES IN SCHEMA public TO ${group};
    ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT ${rows} ON TABLES TO ${group};
    ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT ${sequences} ON SEQUENCES TO ${group};
    REVOKE INSERT, UPDATE, DELETE ON schema_migrations FROM ${group}`;
}

/**
 * Whether what the admin makes comes with its rights, as `shareRights` leaves it: an SQL expression. Nobody else gives rights
 * by default here; to ask whose they are would cost as much as reading the ledger.
 */
export const newTablesAreShared = 'EXISTS (SELECT FROM pg_default_acl)';

/** Drops what a database that is gone leaves on its server: the group, and the logins that were its members. */
export async function dropTenantRoles(
  client: ClientBase,
  { databaseName, roleName }: { databaseName: string; roleName: string },
): Promise<void> {
  const logins = await loginsOfTenant(client, databaseName, roleName);
  for (const role of [...logins, groupName(databaseName)]) {
    await client.query(`DROP ROLE IF EXISTS ${escapeIdentifier(role)}`);
  }
}

/** A tenantId has no doubled hyphen, so no other tenant's database or role has a name like this. */
export const groupName = (databaseName: string) => `${databaseName}__rights`;

const revokeFrom = (role: string, database: string) => `
    REVOKE ALL ON ALL TABLES IN SCHEMA public FROM ${role};
    REVOKE ALL ON ALL SEQUENCES IN SCHEMA public FROM ${role};
    REVOKE ALL ON SCHEMA public FROM ${role};
    REVOKE ALL ON DATABASE ${escapeIdentifier(database)} FROM ${role};`;

/** Every login of the tenant that there is; the one of its first days is no member yet. */
async function loginsOfTenant(client: ClientBase, database: string, roleName: string): Promise<string[]> {
  const { rows } = await client.query<{ rolname: string }>(
    'SELECT rolname FROM pg_roles WHERE rolname = $1',
    [roleName],
  );
  const members = await loginsOf(client, groupName(database));
  return [...new Set([...rows.map(({ rolname }) => rolname), ...members])];
}
