import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  endFinalSnapshots,
  findDifferences,
  type Ports,
  removeOrphans,
  requestOperation,
  requestScheduled,
} from '../src/index.ts';
import { createDedicated } from './host-support.ts';
import { internalFailure } from './rds-answers.ts';
import { type RdsWorld, startRdsWorld } from './rds-world.ts';
import { createWorld, drive, newTenantId, operator, request } from './support.ts';

let rds: RdsWorld;
beforeAll(async () => {
  rds = await startRdsWorld();
});
afterAll(() => rds?.stop());

async function rdsPorts(): Promise<Ports> {
  const { ports } = await createWorld();
  return { ...ports, hosts: { ...ports.hosts, dedicated: rds.host } };
}

it('erases a tenant on RDS, keeps its last snapshot, and says so in the proof', async () => {
  const ports = await rdsPorts();
  const tenantId = newTenantId();
  await drive(await request(ports, tenantId, 'basic'), ports);
  const asked = await requestOperation('offboard', tenantId, {}, operator, ports.store);
  if (asked.outcome !== 'accepted') throw new Error(asked.outcome);
  await drive(asked.operationId, ports);
  const [erasure = ''] = await requestScheduled(ports.store, ports.lifecycle, new Date());
  rds.proxy.inject('DescribeDBInstances', internalFailure, 'cut');
  await drive(erasure, ports);

  expect((await ports.store.findTenant(tenantId))?.status).toBe('offboarded');
  expect(await rds.findInstance(`kyo-test-t-${tenantId}`)).toBeUndefined();
  const { proof } = (await ports.store.findDeparture(tenantId)) ?? {};
  expect(proof?.destroyed).toContainEqual({ kind: 'server', name: `kyo-test-t-${tenantId}` });
  const [snapshot] = await rds.snapshots(`kyo-test-t-${tenantId}`);
  expect(snapshot).toContain('final');
  expect(proof?.kept).toContainEqual({ kind: 'snapshot', name: snapshot });
  expect(proof?.expiring.map(({ what }) => what)).toContain('the last snapshot of its database server');
  expect((await findDifferences(ports)).filter((found) => found.tenantId === tenantId)).toEqual([]);

  const days = (ports.lifecycle.finalSnapshotDays ?? 0) * 86_400_000;
  const inDays = (time: number) => ({ ...ports, now: () => new Date(Date.now() + time) });
  expect(await endFinalSnapshots(inDays(days - 60_000))).toEqual([]);
  expect(await endFinalSnapshots(inDays(days + 60_000))).toContain(snapshot);
  expect(await rds.snapshots(`kyo-test-t-${tenantId}`)).toEqual([]);
});

it('ends no snapshot that an operator took, nor one of somebody else', async () => {
  const ports = await rdsPorts();
  const ours = await createDedicated(rds.host);
  const theirs = { ...ours, tenantId: newTenantId(), instanceId: 'another-teams' };
  await rds.occupy(theirs);
  await rds.takeSnapshot(ours.instanceId, 'before-the-holidays');
  await rds.takeSnapshot(theirs.instanceId, 'another-teams-final-one');
  const inAYear = { ...ports, now: () => new Date(Date.now() + 366 * 86_400_000) };
  await endFinalSnapshots(inAYear);
  expect(await rds.snapshots(ours.instanceId)).toEqual(['before-the-holidays']);
  expect(await rds.snapshots(theirs.instanceId)).toEqual(['another-teams-final-one']);
  await rds.host.destroy(ours, 'undo');
});

it('finds an instance of ours that nobody knows, and nobody else’s; takes it away with a last snapshot', async () => {
  const ports = await rdsPorts();
  const ours = await createDedicated(rds.host);
  const theirs = { ...ours, tenantId: newTenantId(), instanceId: 'somebody-elses' };
  await rds.occupy(theirs);
  const found = (await findDifferences(ports)).filter(({ kind }) => kind === 'server');
  expect(found).toEqual([
    { problem: 'orphan', kind: 'server', name: ours.instanceId, tenantId: ours.tenantId },
  ]);
  expect(await removeOrphans(found, ports)).toMatchObject({ removed: found, failed: [] });
  expect(await rds.findInstance(ours.instanceId)).toBeUndefined();
  expect(await rds.snapshots(ours.instanceId)).toHaveLength(1);
  expect(await rds.findInstance(theirs.instanceId)).toBeDefined();
});
