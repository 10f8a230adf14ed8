import { type ClientBase, escapeIdentifier, escapeLiteral } from '@kyong/postgres';
import { scramVerifier } from './scram.ts';

/**
 * A role that may not log in holds rights, and those that log in are its members. So a login can be replaced by another while
 * both are good, and whatever is done to the rights is done for all of them.
 */

type Client = Pick<ClientBase, 'query'>;

const roleExists = '42710';
const sessionEndMilliseconds = 5_000;

/** The role that holds rights, as an identifier; it may connect to the database, and nobody may who is no member of such a one. */
export async function ensureGroup(client: Client, name: string, database: string): Promise<string> {
  const group = escapeIdentifier(name);
  await client.query(`CREATE ROLE ${group} NOLOGIN`).catch((error: { code?: string }) => {
    if (error.code !== roleExists) throw error;
  });
  await client.query(`REVOKE ALL ON DATABASE ${escapeIdentifier(database)} FROM PUBLIC`);
  await client.query(`GRANT CONNECT, TEMPORARY ON DATABASE ${escapeIdentifier(database)} TO ${group}`);
  return group;
}

/** Makes a login with the rights of `group` (an identifier), or gives it this password and bound. */
export async function ensureLogin(
  client: Client,
  group: string,
  { name, password, connectionLimit }: { name: string; password: string; connectionLimit: number },
): Promise<void> {
  const role = escapeIdentifier(name);
  // The server sees a verifier and never the password: statements end up in logs.
  const options = `LOGIN CONNECTION LIMIT ${connectionLimit} PASSWORD ${escapeLiteral(scramVerifier(password))}`;
  await client.query(`CREATE ROLE ${role} ${options}`).catch((error: { code?: string }) => {
    if (error.code !== roleExists) throw error;
    return client.query(`ALTER ROLE ${role} ${options}`);
  });
  await client.query(membership(group, role));
}

export const membership = (group: string, role: string) =>
  `GRANT ${group} TO ${role} WITH INHERIT TRUE, SET FALSE`;

/**
 * Every login that is a member. On RDS the master user is one as well, since it made the role: with the right to give it away
 * and without its rights (PostgreSQL, "CREATE ROLE": CREATEROLE).
 */
export async function loginsOf(client: Client, group: string): Promise<string[]> {
  const { rows } = await client.query<{ rolname: string }>(
    `SELECT member.rolname
       FROM pg_auth_members m
       JOIN pg_roles member ON member.oid = m.member
      WHERE m.roleid = to_regrole($1) AND m.inherit_option AND NOT m.admin_option`,
    [escapeIdentifier(group)],
  );
  return rows.map((row) => row.rolname);
}

/** Takes a login away with its sessions; answers with how many there were. */
export async function dropLogin(client: Client, name: string): Promise<number> {
  const { rowCount: exists } = await client.query('SELECT FROM pg_roles WHERE rolname = $1', [name]);
  if (!exists) return 0;
  await client.query(`ALTER ROLE ${escapeIdentifier(name)} NOLOGIN`);
  const ended = await endSessions(client, [name]);
  await client.query(`DROP ROLE IF EXISTS ${escapeIdentifier(name)}`);
  return ended;
}

/** Resolves when they are over; answers with how many there were. */
export async function endSessions(client: Client, logins: string[]): Promise<number> {
  const sessions = 'FROM pg_stat_activity WHERE usename = ANY ($1)';
  // All are told first; then each is waited for: a commit that has begun is finished.
  const { rowCount } = await client.query(`SELECT pg_terminate_backend(pid) ${sessions}`, [logins]);
  await client.query(`SELECT pg_terminate_backend(pid, $2) ${sessions}`, [logins, sessionEndMilliseconds]);
  const { rowCount: left } = await client.query(`SELECT ${sessions}`, [logins]);
  if (left) throw new Error(`${left} sessions of ${logins.join(', ')} do not end.`);
  return rowCount ?? 0;
}
