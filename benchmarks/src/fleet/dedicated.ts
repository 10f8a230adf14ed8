import { join } from 'node:path';
import { PostgresServer } from '@kyong/embedded-servers';
import { escapeIdentifier, migrate, schemaVersion, withConnection } from '@kyong/postgres';
import { type DatabaseReservation, databaseNames } from '@kyong/tenancy';
import { tenantServerSettings } from '@kyong/tenancy/adapters/local-postgres';
import { tenantMigrations } from '@kyong/tenancy/adapters/tenant-schema';
import type { ControlPlane } from './control-plane.ts';
import { median, seconds } from './measure.ts';

/** Seconds until a server of its own answers with the newest schema: copied from a prepared one, and by initdb. */
export async function measureDedicated(
  { ports, directory }: ControlPlane,
  rounds: number,
): Promise<{ ours: number; initdb: number }> {
  const times: { ours: number[]; initdb: number[] } = { ours: [], initdb: [] };
  for (let round = 0; round <= rounds; round += 1) {
    const ours = await seconds(() => provisioned(ports.hosts.dedicated, `bench-${round}`));
    const initdb = await seconds(() => initialised(join(directory, `initdb-${round}`)));
    // The first of each warms up: binaries are read, the prepared server is made.
    if (round === 0) continue;
    times.ours.push(ours);
    times.initdb.push(initdb);
  }
  return { ours: median(times.ours), initdb: median(times.initdb) };
}

async function provisioned(
  host: ControlPlane['ports']['hosts']['dedicated'],
  tenantId: string,
): Promise<() => Promise<void>> {
  const reservation: DatabaseReservation = {
    tenantId,
    plan: 'basic',
    placement: 'dedicated',
    instanceId: await host.chooseInstance({ tenantId }),
    ...databaseNames(tenantId),
    secretRef: '',
  };
  await host.create(reservation);
  const { state } = await host.describe(reservation);
  if (state !== 'available') throw new Error(`${tenantId} is ${state}.`);
  const version = await withConnection(await host.adminConnection(reservation), schemaVersion);
  if (version === null) throw new Error(`${tenantId} has no schema.`);
  return () => host.destroy(reservation, 'undo');
}

async function initialised(directory: string): Promise<() => Promise<void>> {
  const server = new PostgresServer(directory, tenantServerSettings);
  await server.initialise();
  const endpoint = await server.start();
  const database = 'tenant_bench';
  await withConnection({ ...endpoint, database: 'postgres' }, (client) =>
    client.query(`CREATE DATABASE ${escapeIdentifier(database)}`),
  );
  await withConnection({ ...endpoint, database }, (client) => migrate(client, tenantMigrations));
  return () => server.destroy();
}
