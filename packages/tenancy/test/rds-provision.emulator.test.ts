import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OperationRefused, type Ports } from '../src/index.ts';
import { Crash, type CrashPoint, crashingPorts } from './crashing-ports.ts';
import { inStatus, instanceQuotaExceeded, internalFailure, throttled } from './rds-answers.ts';
import { type RdsWorld, startRdsWorld } from './rds-world.ts';
import { createWorld, drive, newTenantId, request } from './support.ts';

let rds: RdsWorld;
beforeAll(async () => {
  rds = await startRdsWorld();
});
afterAll(() => rds?.stop());

async function rdsPorts(): Promise<Ports> {
  const { ports } = await createWorld();
  return { ...ports, hosts: { ...ports.hosts, dedicated: rds.host } };
}

describe('a tenant with an RDS instance of its own', () => {
  it('is provisioned whatever the network does', async () => {
    const ports = await rdsPorts();
    const tenantId = newTenantId();
    const operationId = await request(ports, tenantId, 'basic');
    rds.proxy.inject('DescribeAccountAttributes', throttled);
    rds.proxy.inject('CreateDBInstance', throttled, 'lost-reply', internalFailure);
    rds.proxy.inject('DescribeDBInstances', internalFailure, 'cut', 'lost-reply');
    rds.proxy.inject('GetSecretValue', throttled, 'lost-reply');
    await drive(operationId, ports);

    const tenant = await ports.store.findTenant(tenantId);
    expect(tenant?.status).toBe('active');
    expect(tenant?.endpoint).toEqual({ host: 'localhost', port: expect.any(Number), engineVersion: '17.9' });
    const operation = await ports.store.findOperation(operationId);
    const step = (name: string) => operation?.steps.find((candidate) => candidate.name === name);
    expect(step('create-database')?.attempts).toBe(1);
    // Not there yet, and no fault: looked at again until it is.
    expect(step('wait-until-available')?.attempts).toBeGreaterThan(1);
  });

  it.each([
    ['the quota is reached', 'CreateDBInstance', instanceQuotaExceeded, /Service Quotas/],
    ['it cannot become available', 'DescribeDBInstances', inStatus('incompatible-network'), /network/],
  ])('is undone, with the reason, when %s', async (_, action, fault, reason) => {
    const ports = await rdsPorts();
    const tenantId = newTenantId();
    const operationId = await request(ports, tenantId, 'premium');
    // The first description of all looks whether the instance counts in the quota already.
    if (action === 'DescribeDBInstances') rds.proxy.inject(action, { rewritten: (body) => body });
    rds.proxy.inject(action, fault);
    await drive(operationId, ports);

    const operation = await ports.store.findOperation(operationId);
    expect(operation).toMatchObject({ status: 'compensated', error: expect.stringMatching(reason) });
    expect(await rds.findInstance(`kyo-test-t-${tenantId}`)).toBeUndefined();
  });

  it('converges wherever its driver dies', async () => {
    const ports = await rdsPorts();
    const calls = await countCalls(ports);
    expect(calls).toBeGreaterThan(20);
    for (let call = 1; call < calls; call += 4) {
      await crashThenFinish(ports, [{ call, when: 'after' }], 'active');
    }
  });

  it('leaves nothing behind wherever its driver dies while it undoes', async () => {
    const ports = await rdsPorts();
    const migrate = async () => {
      throw new OperationRefused('This schema does not fit.');
    };
    const failing = { ...ports, database: { ...ports.database, migrate } };
    const calls = await countCalls(failing);
    for (let call = calls - 1; call > 0; call -= 5) {
      await crashThenFinish(failing, [{ call, when: 'after' }], 'failed');
    }
  });
});

async function countCalls(ports: Ports): Promise<number> {
  const counting = crashingPorts(ports);
  await drive(await request(ports, newTenantId(), 'basic'), counting.ports);
  return counting.calls();
}

async function crashThenFinish(
  ports: Ports,
  points: CrashPoint[],
  expected: 'active' | 'failed',
): Promise<void> {
  const tenantId = newTenantId();
  const operationId = await request(ports, tenantId, 'basic');
  const reservation = { instanceId: `kyo-test-t-${tenantId}` };
  for (const point of points) {
    await drive(operationId, crashingPorts(ports, point).ports).catch((error: unknown) => {
      if (!(error instanceof Crash)) throw error;
    });
  }
  await drive(operationId, ports);
  const tenant = await ports.store.findTenant(tenantId);
  expect(tenant?.status, JSON.stringify(points)).toBe(expected);
  const left = await rds.leftovers(reservation);
  if (expected === 'failed') expect(left, JSON.stringify(points)).toEqual([]);
  else if (tenant?.reservation) await rds.host.destroy(tenant.reservation, 'undo');
}
