import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Plan } from '@kyong/contracts';
import { PostgresServer } from '@kyong/embedded-servers';
import { type Connection, withConnection } from '@kyong/postgres';
import { onTestFinished } from 'vitest';
import { tenantServerSettings } from '../src/adapters/local-postgres.ts';
import type { SharedServer } from '../src/adapters/shared-postgres.ts';
import {
  type Operation,
  type OperationRequestOutcome,
  type Ports,
  requestChangePlan,
  requestMove,
  requestOperation,
  type SecondDatabase,
  type Tenant,
} from '../src/index.ts';
import { operator, policy, type World } from './support.ts';

/** Records the request; @throws {Error} where it is refused. */
export async function ask(result: Promise<OperationRequestOutcome | { outcome: string }>): Promise<string> {
  const outcome = await result;
  if (!('operationId' in outcome)) throw new Error(outcome.outcome);
  return outcome.operationId;
}

export const askPlan = ({ store }: Ports, tenantId: string, plan: Plan): Promise<string> =>
  ask(requestChangePlan(tenantId, { plan, time: 'now' }, operator, store, policy));
export const askMove = ({ store }: Ports, tenantId: string, instanceId?: string): Promise<string> =>
  ask(requestMove(tenantId, instanceId, operator, store));
export const askConfirm = ({ store }: Ports, tenantId: string): Promise<string> =>
  ask(requestOperation('confirm', tenantId, {}, operator, store));

export function detailOf({ steps }: Operation, name: string): string | null | undefined {
  return steps.find((step) => step.name === name)?.detail;
}

export async function tenantOf({ ports }: World, tenantId: string): Promise<Tenant> {
  const tenant = await ports.store.findTenant(tenantId);
  if (!tenant) throw new Error('no tenant');
  return tenant;
}

/** A way in with full rights, to one of a tenant's databases. */
export async function adminOf(
  { ports }: World,
  { reservation }: Pick<Tenant | SecondDatabase, 'reservation'>,
): Promise<Connection> {
  if (!reservation) throw new Error('not reserved');
  return ports.hosts[reservation.placement].adminConnection(reservation);
}

/** What one of a tenant's databases is made of: its database and its roles, or its server. */
export function namesOf({ reservation }: Pick<Tenant | SecondDatabase, 'reservation'>): string[] {
  if (!reservation) return [];
  const { placement, instanceId, databaseName, roleName } = reservation;
  return placement === 'shared'
    ? [databaseName, roleName, `${databaseName}__rights`]
    : [`tenants/${instanceId}`];
}

/** What copies may leave at these servers: slots, subscriptions, publications, logins of their own. */
export async function copyTraces(connections: Connection[], tenantId: string): Promise<string[]> {
  const found = await Promise.all(
    connections.map((connection) =>
      withConnection(connection, (client) =>
        client.query<{ name: string }>(
          `SELECT slot_name AS name FROM pg_replication_slots WHERE database LIKE $1
           UNION ALL SELECT subname FROM pg_subscription WHERE subname LIKE $1
           UNION ALL SELECT pubname FROM pg_publication
           UNION ALL SELECT rolname FROM pg_roles WHERE rolname LIKE $1 AND rolname LIKE '%copy'`,
          [`tenant\\_${tenantId}%`],
        ),
      ),
    ),
  );
  return found.flatMap(({ rows }) => rows.map(({ name }) => name));
}

/** A shared server beside the run's own, gone when the test ends. */
export async function startSharedServer(instanceId: string): Promise<SharedServer & { log: () => string }> {
  const directory = mkdtempSync(join(tmpdir(), 'kyo-shared-'));
  chmodSync(directory, 0o711);
  const server = new PostgresServer(join(directory, instanceId), { ...tenantServerSettings, fsync: false });
  onTestFinished(async () => {
    await server.destroy();
    rmSync(directory, { recursive: true, force: true });
  });
  await server.initialise();
  const endpoint = await server.start();
  return {
    instanceId,
    admin: async () => ({ ...endpoint, database: 'postgres' }),
    maxDatabases: 100,
    log: () => readFileSync(join(directory, instanceId, 'postgres.log'), 'utf8'),
  };
}
