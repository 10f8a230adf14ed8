import { withConnection } from '@kyong/postgres';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DatabaseReservation, Ports } from '../src/index.ts';
import { crashingPorts } from './crashing-ports.ts';
import { createDedicated, refusalOf } from './host-support.ts';
import { insufficientCapacity, internalFailure, throttled } from './rds-answers.ts';
import { type RdsWorld, startRdsWorld } from './rds-world.ts';
import { adminOf, askConfirm, askPlan, copyTraces, tenantOf } from './relocation-support.ts';
import { createWorld, dieAt, drive, newTenantId, request, type World } from './support.ts';

let rds: RdsWorld;
beforeAll(async () => {
  rds = await startRdsWorld();
});
afterAll(() => rds?.stop());

/** Asks until it is done, as an operation does; answers with the last detail. */
async function resized(reservation: DatabaseReservation, time: 'now' | 'maintenance-window' = 'now') {
  for (let looks = 0; looks < 20; looks += 1) {
    const { done, detail } = await rds.host.resize(reservation, time);
    if (done) return detail;
  }
  throw new Error('not resized');
}

const modifications = (instanceId: string) =>
  rds.proxy.calls
    .filter(
      ({ action, parameters }) =>
        action === 'ModifyDBInstance' && parameters.get('DBInstanceIdentifier') === instanceId,
    )
    .map(({ parameters }) =>
      Object.fromEntries([...parameters].filter(([name]) => !/^(Action|Version|DBInstanceId)/.test(name))),
    );

describe('an instance given another size', () => {
  it('gets what the plan buys, in one change; on the way down it keeps its storage', async () => {
    const reservation = await createDedicated(rds.host);
    expect(await resized({ ...reservation, plan: 'premium' })).toBe('db.t4g.medium');
    expect(await resized({ ...reservation, plan: 'premium' })).toBe('db.t4g.medium');
    expect(await resized({ ...reservation, plan: 'basic' })).toBe('db.t4g.small');
    expect(modifications(reservation.instanceId)).toEqual([
      {
        DBInstanceClass: 'db.t4g.medium',
        AllocatedStorage: '100',
        MaxAllocatedStorage: '500',
        BackupRetentionPeriod: '14',
        DeletionProtection: 'true',
        ApplyImmediately: 'true',
      },
      {
        DBInstanceClass: 'db.t4g.small',
        MaxAllocatedStorage: '126',
        BackupRetentionPeriod: '7',
        DeletionProtection: 'false',
        ApplyImmediately: 'true',
      },
    ]);
    const instance = await rds.findInstance(reservation.instanceId);
    expect(instance).toMatchObject({ DBInstanceClass: 'db.t4g.small', AllocatedStorage: 100 });
    expect(instance?.TagList).toContainEqual({ Key: 'kyo:plan', Value: 'basic' });
    await rds.host.destroy(reservation, 'undo');
  });

  it('in the maintenance window is done when RDS has taken note', async () => {
    const reservation = await createDedicated(rds.host);
    const premium = { ...reservation, plan: 'premium' } as const;
    expect(await resized(premium, 'maintenance-window')).toMatch(
      /^db.t4g.medium in the window \w{3}:\d\d:\d\d-.* UTC$/,
    );
    await resized(premium, 'maintenance-window');
    expect(modifications(reservation.instanceId)).toHaveLength(1);
    expect(await rds.findInstance(reservation.instanceId)).toMatchObject({
      DBInstanceClass: 'db.t4g.small',
      PendingModifiedValues: { DBInstanceClass: 'db.t4g.medium' },
    });
    // Wanted at once after all; and called off.
    await resized(premium, 'now');
    expect(await rds.findInstance(reservation.instanceId)).toMatchObject({
      DBInstanceClass: 'db.t4g.medium',
    });
    await rds.host.destroy(premium, 'undo');
  });

  it.each([
    ['throttles', [throttled, throttled]],
    ['fails', [internalFailure]],
    ['loses the reply', ['lost-reply'] as const],
  ])('over a network that %s ends at that size all the same', async (_, faults) => {
    const reservation = await createDedicated(rds.host);
    for (const action of ['DescribeDBInstances', 'ModifyDBInstance', 'AddTagsToResource']) {
      rds.proxy.inject(action, ...faults);
    }
    await resized({ ...reservation, plan: 'premium' });
    expect(await rds.findInstance(reservation.instanceId)).toMatchObject({
      DBInstanceClass: 'db.t4g.medium',
    });
    await rds.host.destroy(reservation, 'undo');
  });

  it('is refused where there is no capacity, or no instance', async () => {
    const reservation = await createDedicated(rds.host);
    rds.proxy.inject('ModifyDBInstance', insufficientCapacity);
    expect(await refusalOf(rds.host.resize({ ...reservation, plan: 'enterprise' }, 'now'))).toMatch(
      /again in an hour/,
    );
    await rds.host.destroy(reservation, 'undo');
    expect(await refusalOf(rds.host.resize(reservation, 'now'))).toMatch(/operator/);
  });
});

async function tenantBeforeRds(
  plan: 'free' | 'basic',
): Promise<{ world: World; ports: Ports; tenantId: string }> {
  const world = await createWorld();
  const ports = { ...world.ports, hosts: { ...world.ports.hosts, dedicated: rds.host } };
  const tenantId = newTenantId();
  await drive(await request(ports, tenantId, plan), ports);
  return { world: { ...world, ports }, ports, tenantId };
}

it('a change of plan that finds no capacity leaves plan, size and role as they were', async () => {
  const { world, ports, tenantId } = await tenantBeforeRds('basic');
  const before = await tenantOf(world, tenantId);
  rds.proxy.inject('ModifyDBInstance', insufficientCapacity);
  const operation = await drive(await askPlan(ports, tenantId, 'enterprise'), ports);
  expect([operation.status, operation.error]).toEqual(['compensated', expect.stringMatching(/another plan/)]);
  expect(await tenantOf(world, tenantId)).toEqual(before);
  const again = await drive(await askPlan(ports, tenantId, 'premium'), ports);
  expect(again.status).toBe('succeeded');
  expect(await rds.findInstance(before.reservation?.instanceId ?? '')).toMatchObject({
    DBInstanceClass: 'db.t4g.medium',
  });
});

describe('between a shared server and an RDS instance, whose master is no superuser', () => {
  const rows = async (world: World, tenantId: string) =>
    withConnection(await adminOf(world, await tenantOf(world, tenantId)), (client) =>
      client.query('SELECT tenant_id, name FROM gym'),
    ).then((result) => result.rows);

  it('a tenant goes there over TLS, and back, and leaves nothing behind', async () => {
    const { world, ports, tenantId } = await tenantBeforeRds('free');
    const before = await rows(world, tenantId);
    for (const plan of ['basic', 'free'] as const) {
      const operation = await drive(await askPlan(ports, tenantId, plan), ports);
      expect([operation.status, operation.error]).toEqual(['succeeded', null]);
      expect(await rows(world, tenantId)).toEqual(before);
    }
    const former = (await ports.store.findSecondDatabases(tenantId)).at(-1);
    if (!former) throw new Error('not kept');
    expect(await copyTraces([world.shared, await adminOf(world, former)], tenantId)).toEqual([]);
    await drive(await askConfirm(ports, tenantId), ports);
    const { instanceId } = former.reservation;
    // As of an offboarded tenant: a last snapshot, and the backups.
    expect(await rds.leftovers({ instanceId })).toEqual([expect.stringMatching(/^snapshot .*-final-/)]);
  });

  it('a driver that dies on the way there and back: the next one finishes', {
    timeout: 300_000,
  }, async () => {
    const { world, ports, tenantId } = await tenantBeforeRds('free');
    const counting = crashingPorts(ports);
    await drive(await askPlan(ports, tenantId, 'basic'), counting.ports);
    await drive(await askPlan(ports, tenantId, 'free'), ports);
    const effects = ['create', 'start', 'closeRole', 'catchUp', 'switchToTarget', 'openRole', 'stop'];
    for (const effect of effects) {
      const call = counting.names().lastIndexOf(effect);
      for (const plan of ['basic', 'free'] as const) {
        const operationId = await askPlan(ports, tenantId, plan);
        await dieAt(operationId, ports, { call, when: 'after' });
        const { status } = await drive(operationId, ports);
        expect(status, `${plan}, dead after ${effect}`).toBe('succeeded');
      }
      await drive(await askConfirm(ports, tenantId), ports);
    }
    expect(await rows(world, tenantId)).toHaveLength(1);
    expect(await copyTraces([world.shared], tenantId)).toEqual([]);
  });
});
