import { type Connection, withConnection } from '@kyong/postgres';
import { describe, expect, it } from 'vitest';
import { requestOperation } from '../src/index.ts';
import { createWorld, drive, newTenantId, operator, planOf, request, type World } from './support.ts';

async function provisioned(world: World, placement: 'shared' | 'dedicated') {
  const tenantId = newTenantId();
  await drive(await request(world.ports, tenantId, planOf[placement]), world.ports);
  const tenant = await world.ports.store.findTenant(tenantId);
  if (!tenant?.reservation || !tenant.endpoint) throw new Error('not provisioned');
  const { host, port } = tenant.endpoint;
  const { databaseName: database, roleName: user, secretRef } = tenant.reservation;
  return {
    tenantId,
    access: { host, port, database, user, password: await world.ports.secrets.read(secretRef) },
  };
}

async function change(world: World, kind: 'suspend' | 'resume', tenantId: string) {
  const result = await requestOperation(kind, tenantId, {}, operator, world.ports.store);
  if (result.outcome !== 'accepted') throw new Error(result.outcome);
  await drive(result.operationId, world.ports);
  return result;
}

const gymName = (access: Connection) =>
  withConnection(access, (client) => client.query('SELECT name FROM gym'));
const statusOf = async ({ ports }: World, tenantId: string) =>
  (await ports.store.findTenant(tenantId))?.status;

describe.each(['shared', 'dedicated'] as const)('suspending a %s tenant', (placement) => {
  it('shuts its role out at once, keeps its data, and lets it back in', async () => {
    const world = await createWorld();
    const { tenantId, access } = await provisioned(world, placement);
    const before = await gymName(access);

    // One that is connected already is cut off as well.
    await withConnection(access, async (client) => {
      await change(world, 'suspend', tenantId);
      await expect(client.query('SELECT 1')).rejects.toThrow();
    });
    expect(await statusOf(world, tenantId)).toBe('suspended');
    await expect(gymName(access)).rejects.toThrow(/not permitted to log in/);

    await change(world, 'resume', tenantId);
    expect(await statusOf(world, tenantId)).toBe('active');
    expect((await gymName(access)).rows).toEqual(before.rows);
    const { rows } = await world.pool.query('SELECT type FROM outbox ORDER BY created_at');
    expect(rows.map((row) => row.type)).toEqual(['TenantProvisioned', 'TenantSuspended', 'TenantResumed']);
  });
});

it('counts as suspended from the request on, and the same request finds the same operation', async () => {
  const world = await createWorld();
  const { tenantId } = await provisioned(world, 'shared');
  const results = await Promise.all(
    Array.from({ length: 10 }, () => requestOperation('suspend', tenantId, {}, operator, world.ports.store)),
  );
  expect(new Set(results.map((result) => result.outcome === 'accepted' && result.operationId)).size).toBe(1);
  expect(results.filter((result) => result.outcome === 'accepted' && result.created)).toHaveLength(1);
  expect(await statusOf(world, tenantId)).toBe('suspended');
});

it('is refused where it does not fit', async () => {
  const world = await createWorld();
  const { ports } = world;
  expect(await requestOperation('suspend', 'nobody', {}, operator, ports.store)).toEqual({
    outcome: 'unknown',
  });
  const tenantId = newTenantId();
  await request(ports, tenantId, 'free');
  expect(await requestOperation('suspend', tenantId, {}, operator, ports.store)).toMatchObject({
    outcome: 'running',
    kind: 'provision',
  });
  const other = await provisioned(world, 'shared');
  expect(await requestOperation('resume', other.tenantId, {}, operator, ports.store)).toEqual({
    outcome: 'conflict',
    status: 'active',
  });
});

it('what was asked for, by whom and from where, is written down and cannot be changed', async () => {
  const world = await createWorld();
  const { tenantId } = await provisioned(world, 'shared');
  await requestOperation(
    'suspend',
    tenantId,
    {},
    { id: 'alice', isOperator: true, sourceIp: '203.0.113.7' },
    world.ports.store,
  );
  const { rows } = await world.pool.query(
    'SELECT actor, source_ip, action, tenant_id FROM audit ORDER BY id',
  );
  expect(rows).toEqual([
    { actor: 'operator', source_ip: null, action: 'provision', tenant_id: tenantId },
    { actor: 'alice', source_ip: '203.0.113.7', action: 'suspend', tenant_id: tenantId },
  ]);
  for (const statement of ["UPDATE audit SET actor = 'bob'", 'DELETE FROM audit', 'TRUNCATE audit']) {
    await expect(world.pool.query(statement)).rejects.toThrow('never changed');
  }
});

it("a session of a tenant's role ends by itself, fills no disk, and makes no large objects", async () => {
  const world = await createWorld();
  const { access } = await provisioned(world, 'shared');
  await withConnection(access, async (client) => {
    const { rows } = await client.query(
      `SELECT current_setting('statement_timeout') AS statement, current_setting('temp_file_limit') AS files,
              current_setting('idle_in_transaction_session_timeout') AS idle`,
    );
    expect(rows).toEqual([{ statement: '30s', files: '1GB', idle: '1min' }]);
    for (const statement of [
      'SELECT lo_create(0)',
      "SELECT lo_from_bytea(0, 'x')",
      'SET temp_file_limit = -1',
    ])
      await expect(client.query(statement), statement).rejects.toMatchObject({ code: '42501' });
  });
});
