import { randomBytes } from 'node:crypto';
import type { PoolClient } from '@kyong/postgres';
import { ensureProgramLogin, nextLoginName, otherLogins, retireLogin } from './programs.ts';
import type { Program } from './rights.ts';

/** Where a program's login is kept, and read by the program. */
export interface KeptLogin {
  program: Program;
  connectionLimit: number;
  read(): Promise<{ username: string; password: string }>;
  write(login: { username: string; password: string }): Promise<void>;
}

type Client = Pick<PoolClient, 'query'>;

/**
 * Gives programs a second login and has them find it: both are good from now on. Where a rotation has begun that did not end,
 * it is gone on with, and there is no third. Answers with the programs that have a new one.
 */
export async function beginRotation(
  client: Client,
  database: string,
  logins: KeptLogin[],
): Promise<Program[]> {
  const begun: Program[] = [];
  for (const { program, connectionLimit, read, write } of logins) {
    const { username: current } = await read();
    if (!(await retireOthers(client, database, program, current, null))) continue;
    const login = {
      username: nextLoginName(database, program, current),
      password: randomBytes(30).toString('base64url'),
    };
    // It is good before the program can find it. Should this end between the two, it is one that nobody needs.
    await ensureProgramLogin(client, database, program, {
      name: login.username,
      password: login.password,
      connectionLimit,
    });
    await write(login);
    begun.push(program);
  }
  return begun;
}

/**
 * Takes away the logins that programs had before. Answers with the programs that still use one, or did within `quietSeconds`:
 * theirs stay, until this is asked for again.
 */
export async function endRotation(
  client: Client,
  database: string,
  logins: KeptLogin[],
  quietSeconds: number,
): Promise<Program[]> {
  const waiting: Program[] = [];
  for (const { program, read } of logins) {
    const { username: current } = await read();
    if (!(await retireOthers(client, database, program, current, quietSeconds))) waiting.push(program);
  }
  return waiting;
}

/** False when one of them is in use. */
async function retireOthers(
  client: Client,
  database: string,
  program: Program,
  current: string,
  quietSeconds: number | null,
): Promise<boolean> {
  for (const login of await otherLogins(client, database, program, current)) {
    if (!(await retireLogin(client, login, quietSeconds))) return false;
  }
  return true;
}
