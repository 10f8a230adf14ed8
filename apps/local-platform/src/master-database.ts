import { randomBytes } from 'node:crypto';
import {
  type Connection,
  type ConnectionUrl,
  createPool,
  migrate,
  type Pool,
  withConnection,
} from '@kyong/postgres';
import {
  ensureProgramLogin,
  grantToPrograms,
  masterMigrations,
  nextLoginName,
  type Program,
  programs,
} from '@kyong/tenancy/adapters/master-database';

/** Connections of each program; together, and with those that listen, below what the server has (`masterSettings`). */
const poolSizes: Record<Program, number> = { otp: 3, collaboration: 2, api: 6, driver: 8 };
const idleTimeoutSeconds = 60;

export interface MasterDatabase {
  /** The ways in, by program: with its own rights, as on AWS. */
  connections: Record<Program, Connection | ConnectionUrl>;
  pools: Record<Program, Pool>;
  close(): Promise<void>;
}

/** Brings the master database to the newest schema and opens it for each program. */
export async function openMasterDatabase(
  master: Connection | ConnectionUrl,
  onError: (error: Error) => void,
): Promise<MasterDatabase> {
  const connections = await prepare(master);
  const pools = byProgram((program) =>
    createPool(connections[program], { maxConnections: poolSizes[program], idleTimeoutSeconds }, onError),
  );
  return {
    connections,
    pools,
    async close() {
      await Promise.all(Object.values(pools).map((pool) => pool.end()));
    },
  };
}

async function prepare(master: Connection | ConnectionUrl): Promise<MasterDatabase['connections']> {
  if (!('host' in master)) {
    // A server of the user's own: whom it knows is theirs to say.
    await withConnection(master, (client) => migrate(client, masterMigrations));
    return byProgram(() => master);
  }
  // New ones at each start: nothing has to be kept.
  const logins = byProgram((program) => ({
    name: nextLoginName(master.database, program),
    password: randomBytes(24).toString('base64url'),
    connectionLimit: -1,
  }));
  await withConnection(master, async (client) => {
    await migrate(client, masterMigrations);
    await grantToPrograms(client, master.database);
    for (const program of programs)
      await ensureProgramLogin(client, master.database, program, logins[program]);
  });
  return byProgram((program) => ({
    ...master,
    user: logins[program].name,
    password: logins[program].password,
  }));
}

function byProgram<T>(of: (program: Program) => T): Record<Program, T> {
  return Object.fromEntries(programs.map((program) => [program, of(program)])) as Record<Program, T>;
}
