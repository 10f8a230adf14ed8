import { withConnection } from '@kyong/postgres';
import { createTestDatabase, eventually, TestClock } from '@kyong/testing';
import { expect, it, onTestFinished } from 'vitest';
import { masterMigrations } from '../src/adapters/master-database/index.ts';
import { listenForTenantChanges } from '../src/adapters/tenant-changes.ts';
import { requestOperation, type Tenant, TenantDirectory, TenantUnavailable } from '../src/index.ts';
import { createWorld, drive, newTenantId, operator, request } from './support.ts';

async function createDirectory() {
  const world = await createWorld();
  const clock = new TestClock();
  let away = false;
  let reads = 0;
  const directory = new TenantDirectory({
    store: {
      findTenant: async (tenantId) => {
        reads += 1;
        if (away) throw Object.assign(new Error('connect'), { code: 'ECONNREFUSED' });
        return world.ports.store.findTenant(tenantId);
      },
    },
    secrets: world.ports.secrets,
    now: clock.now,
    freshSeconds: 60,
    staleSeconds: 3600,
    maxEntries: 2,
  });
  const provisioned = async () => {
    const tenantId = newTenantId();
    await drive(await request(world.ports, tenantId, 'free'), world.ports);
    return tenantId;
  };
  return {
    ...world,
    clock,
    directory,
    provisioned,
    reads: () => reads,
    setAway: (value: boolean) => {
      away = value;
    },
  };
}

it('knows the way into a tenant’s database, and asks once', async () => {
  const { directory, provisioned, reads } = await createDirectory();
  const tenantId = await provisioned();
  const [entry] = await Promise.all(Array.from({ length: 20 }, () => directory.find(tenantId)));
  expect(reads()).toBe(1);
  if (!entry) throw new Error('no entry');
  const { rows } = await withConnection(entry.connection, (client) =>
    client.query('SELECT tenant_id FROM gym'),
  );
  expect(rows).toEqual([{ tenant_id: tenantId }]);
});

it('knows no tenant that is not there, or not open', async () => {
  const { directory, ports } = await createDirectory();
  await expect(directory.find('nobody')).rejects.toThrow(TenantUnavailable);
  const tenantId = newTenantId();
  await request(ports, tenantId, 'free');
  await expect(directory.find(tenantId)).rejects.toThrow(TenantUnavailable);
});

it('hears of a suspension without being asked', async () => {
  const { directory, provisioned, ports, connection } = await createDirectory();
  const tenantId = await provisioned();
  const changes = listenForTenantChanges(connection, {
    ended: () => {},
    changed: (id) => directory.forget(id),
    connected: () => directory.distrust(),
    error: () => {},
  });
  onTestFinished(() => changes.stop());
  await directory.find(tenantId);
  await requestOperation('suspend', tenantId, {}, operator, ports.store);
  await eventually(() => expect(directory.find(tenantId)).rejects.toThrow(TenantUnavailable));
});

it('goes on with what it knows while the master database is away, and no longer than that', async () => {
  const { directory, provisioned, clock, setAway } = await createDirectory();
  const tenantId = await provisioned();
  const { connection } = await directory.find(tenantId);
  setAway(true);
  clock.advance(61);
  expect((await directory.find(tenantId)).connection).toEqual(connection);
  directory.distrust();
  expect((await directory.find(tenantId)).connection).toEqual(connection);
  clock.advance(3600);
  await expect(directory.find(tenantId)).rejects.toThrow('connect');
  setAway(false);
  expect((await directory.find(tenantId)).tenant.status).toBe('active' satisfies Tenant['status']);
});

it('keeps no more entries than it may', async () => {
  const { directory, provisioned, reads } = await createDirectory();
  const tenants = [await provisioned(), await provisioned(), await provisioned()];
  for (const tenantId of tenants) await directory.find(tenantId);
  await directory.find(tenants[2] ?? '');
  expect(reads()).toBe(3);
  await directory.find(tenants[0] ?? '');
  expect(reads()).toBe(4);
});

it('the listener hears again after its connection was cut', async () => {
  const { pool, connection } = await createTestDatabase(masterMigrations);
  const heard: string[] = [];
  let connections = 0;
  const changes = listenForTenantChanges(connection, {
    ended: () => {},
    changed: (id) => heard.push(id),
    connected: () => {
      connections += 1;
    },
    error: () => {},
  });
  onTestFinished(() => changes.stop());
  await eventually(() => expect(connections).toBe(1));
  await pool.query(
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'kyo listen' AND datname = current_database()",
  );
  await eventually(() => expect(connections).toBe(2));
  await pool.query("SELECT pg_notify('tenant_changed', 'iron-temple')");
  await eventually(() => expect(heard).toEqual(['iron-temple']));
});
