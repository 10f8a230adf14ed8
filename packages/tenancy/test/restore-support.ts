import { chmodSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Placement } from '@kyong/contracts';
import { defaultArchiveLimits, PostgresServer } from '@kyong/embedded-servers';
import { type Connection, withConnection } from '@kyong/postgres';
import { afterAll, beforeAll } from 'vitest';
import { localServerCopies } from '../src/adapters/restore/local-server-copies.ts';
import { sharedPostgres } from '../src/adapters/shared-postgres.ts';
import { requestRestore, requestRestoredChange } from '../src/index.ts';
import { createWorld, drive, newTenantId, operator, planOf, request, traces, type World } from './support.ts';

const sharedSettings = {
  maxConnections: 100,
  sharedBuffersMegabytes: 32,
  fsync: false,
  archive: defaultArchiveLimits,
};

export interface RestorableWorld extends World {
  sharedServer: PostgresServer;
  /** Folder of the copies of the shared server. */
  copies: string;
}

/** A shared server of the file's own, whose past is kept: the run's is everybody's. Answers with how to make worlds on it. */
export function withSharedServer(): () => Promise<RestorableWorld> {
  let directory: string;
  let sharedServer: PostgresServer;
  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'kyo-test-restore-'));
    chmodSync(directory, 0o711);
    sharedServer = new PostgresServer(join(directory, 'shared'), sharedSettings);
    await sharedServer.initialise();
    await sharedServer.start();
  });
  afterAll(async () => {
    await sharedServer.stop();
    rmSync(directory, { recursive: true, force: true });
  });
  return async () => {
    const world = await createWorld();
    const admin = async () => ({ ...sharedServer.endpoint, database: 'postgres' });
    // What the tests before have made need not be copied, and what they have written need not be replayed.
    await dropTenants(await admin());
    await sharedServer.backUp();
    const copies = join(directory, 'copies');
    const shared = sharedPostgres([
      {
        instanceId: 'shared-1',
        admin,
        maxDatabases: 1_000,
        copies: localServerCopies(sharedServer, copies, sharedSettings),
      },
    ]);
    const ports = { ...world.ports, hosts: { ...world.ports.hosts, shared } };
    return { ...world, ports, shared: await admin(), sharedServer, copies };
  };
}

async function dropTenants(admin: Connection): Promise<void> {
  await withConnection(admin, async (client) => {
    const { rows } = await client.query<{ name: string }>(
      "SELECT datname AS name FROM pg_database WHERE datname LIKE 'tenant\\_%' AND NOT datistemplate",
    );
    for (const { name } of rows) await client.query(`DROP DATABASE ${name} WITH (FORCE)`);
  });
}

/** A tenant with its first backup, and the way in of its services. */
export async function createTenant(world: RestorableWorld, placement: Placement): Promise<string> {
  const tenantId = newTenantId();
  await drive(await request(world.ports, tenantId, planOf[placement]), world.ports);
  await world.dedicated.backUp(new Date());
  return tenantId;
}

const template = {
  channel: 'sms',
  purpose: 'login',
  bodies: JSON.stringify({ en: '{code}' }),
};

/** Writes one row with the rights of the tenant. */
export async function write(access: Connection, name: string): Promise<void> {
  await withConnection(access, (client) =>
    client.query(
      'INSERT INTO otp_templates (name, channel, purpose, active, bodies) VALUES ($1, $2, $3, false, $4)',
      [name, template.channel, template.purpose, template.bodies],
    ),
  );
}

export async function namesIn(access: Connection): Promise<string[]> {
  const { rows } = await withConnection(access, (client) =>
    client.query<{ name: string }>('SELECT name FROM otp_templates ORDER BY created_at'),
  );
  return rows.map(({ name }) => name);
}

/** A time after all that was committed before the call, and before all that is committed after it. */
export async function pointInTime(access: Connection): Promise<Date> {
  const { rows } = await withConnection(access, (client) =>
    client.query<{ at: Date }>(
      "SELECT date_trunc('milliseconds', clock_timestamp()) + interval '2 ms' AS at, pg_sleep(0.005)",
    ),
  );
  return rows[0]?.at ?? new Date(Number.NaN);
}

/** Asks for it and answers with the operation's id. */
export async function askToRestore(world: World, tenantId: string, to: Date): Promise<string> {
  const asked = await requestRestore(tenantId, to, operator, world.ports);
  if (asked.outcome !== 'accepted') throw new Error(JSON.stringify(asked));
  return asked.operationId;
}

export async function askFor(
  world: World,
  kind: 'swap-restored' | 'discard-restored',
  tenantId: string,
): Promise<string> {
  const asked = await requestRestoredChange(kind, tenantId, operator, world.ports.store);
  if (asked.outcome !== 'accepted') throw new Error(JSON.stringify(asked));
  return asked.operationId;
}

/** Everything of the tenant, and of copies made for it, wherever it is. */
export async function everything(world: RestorableWorld, tenantId: string): Promise<string[]> {
  const copies = readdirSync(join(world.copies, '..'), { recursive: true, encoding: 'utf8' }).filter(
    (name) => /^copies\/[^/]+$/.test(name) && name.includes(tenantId),
  );
  return [...(await traces(world, tenantId)), ...copies].sort();
}
