import { withConnection } from '@kyong/postgres';
import { expect, it } from 'vitest';
import type { Ports } from '../src/index.ts';
import { crashingPorts } from './crashing-ports.ts';
import {
  adminOf,
  askConfirm,
  askMove,
  askPlan,
  copyTraces,
  drawNumbers,
  expectBeyond,
  namesOf,
  startSharedServer,
  tenantOf,
  withSequences,
} from './relocation-support.ts';
import { accessOf, createWorld, dieAt, drive, newTenantId, request, traces, type World } from './support.ts';

/** Some forty operations each, a second or so apiece. */
const timeoutMilliseconds = 600_000;

async function tenantIn(world: World): Promise<string> {
  const tenantId = newTenantId();
  await drive(await request(world.ports, tenantId, 'free'), world.ports);
  return tenantId;
}

/** Runs an operation once, and answers with the last call of each of its steps: what it did, and nobody knows yet. */
async function effectsOf(operationId: string, ports: Ports): Promise<number[]> {
  const counting = crashingPorts(ports);
  await drive(operationId, counting.ports);
  const calls = counting.names();
  return calls.flatMap((name, call) => (name === 'recordStep' ? [call - 1] : []));
}

/** The tenant has its row, its role gets in, and there is nothing of it anywhere that the master database does not name. */
async function expectWhole(world: World, tenantId: string, servers: World['shared'][]): Promise<void> {
  const { ports } = world;
  const tenant = await tenantOf(world, tenantId);
  expect(tenant.status).toBe('active');
  const { rows } = await withConnection(await accessOf(world, tenantId), (client) =>
    client.query('SELECT tenant_id FROM gym'),
  );
  expect(rows).toEqual([{ tenant_id: tenantId }]);

  const all = [tenant, ...(await ports.store.findSecondDatabases(tenantId))];
  expect(
    await copyTraces([...servers, ...(await Promise.all(all.map((one) => adminOf(world, one))))], tenantId),
  ).toEqual([]);
  const known = all.flatMap(namesOf);
  const inOwnServers = await traces(world, tenantId);
  const onOthers = servers.length > 1 ? await namesOn(servers.slice(1), tenantId) : [];
  expect([...inOwnServers, ...onOthers].sort()).toEqual(
    [...known, `secrets/tenants/${tenantId}/database.secret`].sort(),
  );
}

async function namesOn(servers: World['shared'][], tenantId: string): Promise<string[]> {
  const found = await Promise.all(
    servers.map((server) =>
      withConnection(server, (client) =>
        client.query<{ name: string }>(
          `SELECT datname AS name FROM pg_database WHERE datname LIKE $1
           UNION ALL SELECT rolname FROM pg_roles WHERE rolname LIKE $1`,
          [`tenant\\_${tenantId}%`],
        ),
      ),
    ),
  );
  return found.flatMap(({ rows }) => rows.map(({ name }) => name));
}

it('a driver that dies after any step of a change of plan, in either direction: the next one finishes, and no number is given out twice', {
  timeout: timeoutMilliseconds,
}, async () => {
  const world = withSequences(await createWorld());
  const tenantId = await tenantIn(world);
  const effects = await effectsOf(await askPlan(world.ports, tenantId, 'basic'), world.ports);
  await drive(await askPlan(world.ports, tenantId, 'free'), world.ports);
  expect(effects.length).toBeGreaterThan(15);
  let last = await drawNumbers(world, tenantId);
  for (const call of effects) {
    for (const plan of ['basic', 'free'] as const) {
      const operationId = await askPlan(world.ports, tenantId, plan);
      await dieAt(operationId, world.ports, { call, when: 'after' });
      const { status } = await drive(operationId, world.ports);
      expect(status, `${plan}, call ${call}`).toBe('succeeded');
      expect((await tenantOf(world, tenantId)).plan).toBe(plan);
      const numbers = await drawNumbers(world, tenantId);
      expectBeyond(numbers, last);
      last = numbers;
    }
    await expectWhole(world, tenantId, [world.shared]);
    await drive(await askConfirm(world.ports, tenantId), world.ports);
  }
  await expectWhole(world, tenantId, [world.shared]);
});

it('a driver that dies after any step of a move: the next one finishes, and no number is given out twice', {
  timeout: timeoutMilliseconds,
}, async () => {
  const other = await startSharedServer('shared-2');
  const world = withSequences(await createWorld({ otherShared: [other] }));
  const tenantId = await tenantIn(world);
  const effects = await effectsOf(await askMove(world.ports, tenantId), world.ports);
  let last = await drawNumbers(world, tenantId);
  for (const call of effects) {
    const operationId = await askMove(world.ports, tenantId);
    await dieAt(operationId, world.ports, { call, when: 'after' });
    const { status } = await drive(operationId, world.ports);
    expect(status, `call ${call}`).toBe('succeeded');
    const numbers = await drawNumbers(world, tenantId);
    expectBeyond(numbers, last);
    last = numbers;
  }
  await expectWhole(world, tenantId, [world.shared, await other.admin()]);
  await drive(await askConfirm(world.ports, tenantId), world.ports);
  await expectWhole(world, tenantId, [world.shared, await other.admin()]);
});

it('a driver that dies at any call while it goes back: the next one leaves the tenant where it was', {
  timeout: timeoutMilliseconds,
}, async () => {
  const world = withSequences(await createWorld());
  const tenantId = await tenantIn(world);
  const before = await tenantOf(world, tenantId);
  const compare: Ports['copies']['compare'] = async () => ({
    tables: 1,
    rows: 1,
    differences: [{ table: 'gym', sourceRows: 1, targetRows: 0 }],
  });
  const ports = { ...world.ports, copies: { ...world.ports.copies, compare } };
  const counting = crashingPorts(ports);
  await drive(await askPlan(ports, tenantId, 'basic'), counting.ports);
  const calls = counting.names();
  const undoing = calls.slice(calls.indexOf('compare')).flatMap((name, index) =>
    // What has an effect; the rest only looks, or takes and gives back the claim.
    ['recordStep', 'openRole', 'stop', 'destroy', 'forgetTarget'].includes(name)
      ? [calls.indexOf('compare') + index]
      : [],
  );
  expect(undoing.length).toBeGreaterThan(8);
  for (const call of undoing.filter((_, index) => index % 2 === 0)) {
    const operationId = await askPlan(ports, tenantId, 'basic');
    await dieAt(operationId, ports, { call, when: 'after' });
    const { status } = await drive(operationId, ports);
    expect(status, `call ${call}`).toBe('compensated');
    expect(await tenantOf(world, tenantId)).toEqual(before);
  }
  await expectWhole(world, tenantId, [world.shared]);
});
