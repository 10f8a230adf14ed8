import { escapeIdentifier, listenerName, type PoolClient } from '@kyong/postgres';
import { dropLogin, ensureGroup, ensureLogin, loginsOf } from '../logins.ts';
import { type Program, programs, rights } from './rights.ts';

type Client = Pick<PoolClient, 'query'>;

export interface ProgramLogin {
  name: string;
  password: string;
  /** All processes of the program together. */
  connectionLimit: number;
}

/** Holds a program's rights and cannot log in; its logins are members. Roles belong to the server, so the database's name is in it. */
const groupOf = (database: string, program: Program) => `${database}__${program}`;

/** The two names that take turns: while one is replaced by the other, both are good. */
export function nextLoginName(database: string, program: Program, current?: string): string {
  const [first, second] = [1, 2].map((turn) => `${groupOf(database, program)}_${turn}`) as [string, string];
  return current === first ? second : first;
}

/** Brings the programs' roles to the rights they have today. Safe to repeat, and while they work. */
export async function grantToPrograms(client: Client, database: string): Promise<void> {
  for (const program of programs) {
    const group = await ensureGroup(client, groupOf(database, program), database);
    const grants = Object.entries(rights[program]).map(
      ([table, granted]) => `GRANT ${granted} ON ${table} TO ${group}`,
    );
    await client.query(`
      BEGIN;
      REVOKE ALL ON ALL TABLES IN SCHEMA public FROM ${group};
      GRANT USAGE ON SCHEMA public TO ${group};
      ${grants.join(';\n')};
      COMMIT`);
  }
}

/** Makes a login of a program, or gives it this password and bound. */
export const ensureProgramLogin = (client: Client, database: string, program: Program, login: ProgramLogin) =>
  ensureLogin(client, escapeIdentifier(groupOf(database, program)), login);

/** Every login of a program beside `current`. */
export async function otherLogins(
  client: Client,
  database: string,
  program: Program,
  current: string,
): Promise<string[]> {
  const logins = await loginsOf(client, groupOf(database, program));
  return logins.filter((login) => login !== current);
}

/**
 * Takes a login away that nobody needs; false while somebody may. A service's task listens as long as it lives. A function that
 * is frozen leaves connections open, and is taken for gone when it said nothing for `quietSeconds`; without them nothing that is
 * open is. A session whose state this client may not see (it needs pg_monitor, as RDS's master user has it) is in use.
 */
export async function retireLogin(
  client: Client,
  login: string,
  quietSeconds: number | null,
): Promise<boolean> {
  const { rowCount: inUse } = await client.query(
    `SELECT FROM pg_stat_activity
      WHERE usename = $1 AND (state IS DISTINCT FROM 'idle' OR application_name = $3 OR $2::double precision IS NULL
                              OR state_change > now() - make_interval(secs => $2))`,
    [login, quietSeconds, listenerName],
  );
  if (inUse) return false;
  await dropLogin(client, login);
  return true;
}
