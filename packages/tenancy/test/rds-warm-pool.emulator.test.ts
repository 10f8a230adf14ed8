import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { fillPool, findDifferences, type Ports } from '../src/index.ts';
import { Crash, crashingPorts } from './crashing-ports.ts';
import { type RdsWorld, startRdsWorld } from './rds-world.ts';
import { createWorld, drive, newTenantId, policy, request } from './support.ts';

let rds: RdsWorld;
beforeAll(async () => {
  rds = await startRdsWorld();
});
afterAll(() => rds?.stop());

async function rdsPorts(): Promise<Ports> {
  const { ports } = await createWorld();
  return { ...ports, hosts: { ...ports.hosts, dedicated: rds.host } };
}

/** As many passes as instances take descriptions to be there, and more. */
async function fill(ports: Ports, size: number): Promise<void> {
  for (let passes = 0; passes < 5; passes += 1) await fillPool(ports, { basic: size }, policy);
}

async function instances(ports: Ports) {
  const found = await findDifferences(ports);
  return found.filter(({ kind }) => kind === 'server');
}

it('a tenant that takes a warm instance is active, and no instance is created for it', async () => {
  const ports = await rdsPorts();
  await fill(ports, 1);
  const [warm] = await ports.store.findWarmDatabases();
  expect(warm).toMatchObject({
    status: 'ready',
    variant: 'basic: PostgreSQL 17.9 on db.t4g.small with 20 GiB',
  });
  expect(await instances(ports)).toEqual([]);

  const tenantId = newTenantId();
  const created = () => rds.proxy.calls.filter(({ action }) => action === 'CreateDBInstance').length;
  const before = created();
  const operation = await drive(await request(ports, tenantId, 'basic'), ports);
  expect(operation.status).toBe('succeeded');
  expect(created()).toBe(before);
  const step = (name: string) => operation.steps.find((candidate) => candidate.name === name);
  expect(step('create-database')?.detail).toBe('prepared ahead');
  expect(step('wait-until-available')?.attempts).toBe(1);

  const tenant = await ports.store.findTenant(tenantId);
  expect(tenant).toMatchObject({
    status: 'active',
    reservation: { instanceId: warm?.instanceId, databaseName: `tenant_${tenantId}` },
  });
  const { TagList } = (await rds.findInstance(warm?.instanceId ?? '')) ?? {};
  expect(TagList).toContainEqual({ Key: 'kyo:tenant', Value: tenantId });
  expect(await instances(ports)).toEqual([]);
  if (tenant?.reservation) await rds.host.destroy(tenant.reservation, 'undo');
  expect(await rds.findInstance(warm?.instanceId ?? '')).toBeUndefined();
});

it('instances of an engine version that is not the newest are replaced', async () => {
  const ports = await rdsPorts();
  await fill(ports, 1);
  const [old] = await ports.store.findWarmDatabases();
  rds.behaviour.engineVersions.splice(0, 1, '17.11');
  onTestFinished(() => void rds.behaviour.engineVersions.splice(0, 1, '17.9'));
  await fill(ports, 1);
  expect(await ports.store.findWarmDatabases()).toMatchObject([
    { status: 'ready', variant: expect.stringContaining('17.11') },
  ]);
  expect(await rds.findInstance(old?.instanceId ?? '')).toBeUndefined();
  await fill(ports, 0);
  expect(await ports.store.findWarmDatabases()).toEqual([]);
  expect(await instances(ports)).toEqual([]);
});

it('a warm instance goes to one tenant wherever its driver dies', async () => {
  for (let call = 2; call <= 20; call += 3) {
    const ports = await rdsPorts();
    await fill(ports, 1);
    const operationId = await request(ports, newTenantId(), 'basic');
    await drive(operationId, crashingPorts(ports, { call, when: 'after' }).ports).catch((error: unknown) => {
      if (!(error instanceof Crash)) throw error;
    });
    const operation = await drive(operationId, ports);
    expect(operation.status, `call ${call}`).toBe('succeeded');
    expect(await ports.store.findWarmDatabases()).toEqual([]);
    expect(await instances(ports), `call ${call}`).toEqual([]);
    const tenant = await ports.store.findTenant(operation.tenantId);
    if (tenant?.reservation) await rds.host.destroy(tenant.reservation, 'undo');
  }
});
