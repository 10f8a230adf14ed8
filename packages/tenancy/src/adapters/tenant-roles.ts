import { type ClientBase, escapeIdentifier, escapeLiteral, withConnection } from '@kyong/postgres';
import type { AdminConnection, TenantDatabase } from '../ports.ts';
import { scramVerifier } from './scram.ts';

type Roles = Pick<TenantDatabase, 'ensureRole' | 'shareRights' | 'closeRole' | 'openRole' | 'dropRole'>;

const roleExists = '42710';
const sessionEndMilliseconds = 5_000;

/**
 * A tenant's roles: one that may not log in holds its rights in the database, and those that log in are its members. So a
 * login can be replaced by another while both are good, and whatever is done to the tenant's access is done to all of them.
 */
export const tenantRoles: Roles = {
  ensureRole: (admin, { name, password, connectionLimit }) =>
    withConnection(admin, async (client) => {
      const role = escapeIdentifier(name);
      const group = await ensureGroup(client, admin);
      // The server sees a verifier and never the password: statements end up in logs.
      const options = `LOGIN CONNECTION LIMIT ${connectionLimit} PASSWORD ${escapeLiteral(scramVerifier(password))}`;
      await client.query(`CREATE ROLE ${role} ${options}`).catch((error: { code?: string }) => {
        if (error.code !== roleExists) throw error;
        return client.query(`ALTER ROLE ${role} ${options}`);
      });
      await client.query(membership(group, role));
    }),

  shareRights: (admin, roleName) => withConnection(admin, (client) => shareRights(client, admin, roleName)),

  closeRole: (admin, roleName) =>
    withConnection(admin, async (client) => {
      const logins = await loginsOf(client, admin, roleName);
      for (const login of logins) await client.query(`ALTER ROLE ${escapeIdentifier(login)} NOLOGIN`);
      return endSessions(client, logins);
    }),

  openRole: (admin, roleName) =>
    withConnection(admin, async (client) => {
      for (const login of await loginsOf(client, admin, roleName)) {
        await client.query(`ALTER ROLE ${escapeIdentifier(login)} LOGIN`);
      }
    }),

  dropRole: (admin, roleName) =>
    withConnection(admin, async (client) => {
      const { rowCount: exists } = await client.query('SELECT FROM pg_roles WHERE rolname = $1', [roleName]);
      if (!exists) return 0;
      await client.query(`ALTER ROLE ${escapeIdentifier(roleName)} NOLOGIN`);
      const ended = await endSessions(client, [roleName]);
      await client.query(`DROP ROLE IF EXISTS ${escapeIdentifier(roleName)}`);
      return ended;
    }),
};

/** Lets the tenant's roles at the tables there are and will be. A login that held rights of its own gives them to the group. */
export async function shareRights(
  client: ClientBase,
  { database }: Pick<AdminConnection, 'database'>,
  roleName: string,
): Promise<void> {
  const group = await ensureGroup(client, { database });
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
  const logins = await loginsOf(client, { database: databaseName }, roleName);
  for (const role of [...logins, groupName(databaseName)]) {
    await client.query(`DROP ROLE IF EXISTS ${escapeIdentifier(role)}`);
  }
}

/** A tenantId has no doubled hyphen, so no other tenant's database or role has a name like this. */
export const groupName = (databaseName: string) => `${databaseName}__rights`;

const membership = (group: string, role: string) => `GRANT ${group} TO ${role} WITH INHERIT TRUE, SET FALSE`;

const revokeFrom = (role: string, database: string) => `
    REVOKE ALL ON ALL TABLES IN SCHEMA public FROM ${role};
    REVOKE ALL ON ALL SEQUENCES IN SCHEMA public FROM ${role};
    REVOKE ALL ON SCHEMA public FROM ${role};
    REVOKE ALL ON DATABASE ${escapeIdentifier(database)} FROM ${role};`;

/** The role that holds the rights, as an identifier; it may connect to the tenant's database, and nobody else may. */
async function ensureGroup(
  client: ClientBase,
  { database }: Pick<AdminConnection, 'database'>,
): Promise<string> {
  const group = escapeIdentifier(groupName(database));
  await client.query(`CREATE ROLE ${group} NOLOGIN`).catch((error: { code?: string }) => {
    if (error.code !== roleExists) throw error;
  });
  await client.query(`REVOKE ALL ON DATABASE ${escapeIdentifier(database)} FROM PUBLIC`);
  await client.query(`GRANT CONNECT, TEMPORARY ON DATABASE ${escapeIdentifier(database)} TO ${group}`);
  return group;
}

/**
 * Every login of the tenant that there is. On RDS the master user is a member as well, since it made the role: with the
 * right to give it away and without its rights (PostgreSQL, "CREATE ROLE": CREATEROLE).
 */
async function loginsOf(
  client: ClientBase,
  { database }: Pick<AdminConnection, 'database'>,
  roleName: string,
): Promise<string[]> {
  const { rows } = await client.query<{ rolname: string }>(
    `SELECT rolname FROM pg_roles WHERE rolname = $1
     UNION
     SELECT member.rolname
       FROM pg_auth_members m
       JOIN pg_roles member ON member.oid = m.member
      WHERE m.roleid = to_regrole($2) AND m.inherit_option AND NOT m.admin_option`,
    [roleName, escapeIdentifier(groupName(database))],
  );
  return rows.map((row) => row.rolname);
}

/** Resolves when they are over; answers with how many there were. */
async function endSessions(client: ClientBase, logins: string[]): Promise<number> {
  const sessions = 'FROM pg_stat_activity WHERE usename = ANY ($1)';
  // All are told first; then each is waited for: a commit that has begun is finished.
  const { rowCount } = await client.query(`SELECT pg_terminate_backend(pid) ${sessions}`, [logins]);
  await client.query(`SELECT pg_terminate_backend(pid, $2) ${sessions}`, [logins, sessionEndMilliseconds]);
  const { rowCount: left } = await client.query(`SELECT ${sessions}`, [logins]);
  if (left) throw new Error(`${left} sessions of ${logins.join(', ')} do not end.`);
  return rowCount ?? 0;
}
