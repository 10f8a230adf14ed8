import { withConnection } from '@kyong/postgres';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { rdsServerCopies } from '../src/adapters/rds/index.ts';
import { sharedPostgres } from '../src/adapters/shared-postgres.ts';
import { type DatabaseReservation, databaseWindows, type Ports } from '../src/index.ts';
import { createDedicated, refusalOf } from './host-support.ts';
import * as answers from './rds-answers.ts';
import { type RdsWorld, startRdsWorld } from './rds-world.ts';
import { askFor, askToRestore, namesIn, pointInTime, write } from './restore-support.ts';
import { accessOf, createWorld, drive, newTenantId, planOf, request, type World } from './support.ts';

let rds: RdsWorld;
beforeAll(async () => {
  rds = await startRdsWorld();
});
afterAll(() => rds?.stop());

const labelled = async (live: DatabaseReservation, label: string): Promise<DatabaseReservation> => ({
  ...live,
  instanceId: await rds.host.chooseInstance({ tenantId: live.tenantId, label }),
  databaseName: `${live.databaseName}__${label}`,
  roleName: `${live.databaseName}__${label}_app`,
});

describe('a restore of an RDS instance', () => {
  let live: DatabaseReservation;
  let to: Date;
  beforeAll(async () => {
    live = await createDedicated(rds.host, 'premium');
    await rds.servers.backUp(live.instanceId);
    const admin = await rds.host.adminConnection(live);
    await withConnection(admin, (client) => client.query('CREATE TABLE kept AS SELECT 1 AS one'));
    to = await pointInTime(admin);
  });

  async function untilRestored(target: DatabaseReservation): Promise<void> {
    for (let looks = 0; looks < 30; looks += 1) {
      if ((await rds.host.restoreBeside(live, target, to)).done) return;
    }
    throw new Error(`${target.instanceId} does not become available.`);
  }

  it('is asked for as every instance of ours is, with a managed password of its own', async () => {
    const target = await labelled(live, '00000001');
    const before = rds.proxy.calls.length;
    await untilRestored(target);
    const calls = rds.proxy.calls.slice(before);
    const asked = calls.filter(({ action }) => action === 'RestoreDBInstanceToPointInTime');
    expect(asked).toHaveLength(1);
    const parameters = Object.fromEntries(asked[0]?.parameters ?? []);
    expect(parameters).toMatchObject({
      SourceDBInstanceIdentifier: live.instanceId,
      TargetDBInstanceIdentifier: target.instanceId,
      DBInstanceClass: 'db.t4g.medium',
      DBParameterGroupName: 'kyo-postgres17',
      DBSubnetGroupName: 'kyo-databases',
      'VpcSecurityGroupIds.VpcSecurityGroupId.1': 'sg-0123456789abcdef0',
      PubliclyAccessible: 'false',
      CopyTagsToSnapshot: 'true',
      DeletionProtection: 'true',
      BackupRetentionPeriod: '14',
      EngineLifecycleSupport: 'open-source-rds-extended-support-disabled',
    });
    expect(new Date(parameters.RestoreTime ?? 0)).toEqual(to);
    const change = calls.find(({ action }) => action === 'ModifyDBInstance');
    expect(Object.fromEntries(change?.parameters ?? [])).toMatchObject({
      ManageMasterUserPassword: 'true',
      PreferredBackupWindow: databaseWindows.backup,
      PreferredMaintenanceWindow: databaseWindows.maintenance,
    });
    expect((await rds.findInstance(target.instanceId))?.TagList).toContainEqual({
      Key: 'kyo:tenant',
      Value: live.tenantId,
    });
    const admin = await rds.host.adminConnection(target);
    expect(admin.database).toBe(target.databaseName);
    const { rows } = await withConnection(admin, (client) => client.query('SELECT one FROM kept'));
    expect(rows).toEqual([{ one: 1 }]);
    await rds.host.destroy(target, 'undo');
    expect(await rds.leftovers(target)).toEqual([]);
    expect(await rds.leftovers(live)).not.toEqual([]);
  });

  it.each(['lost-reply', 'cut'] as const)('is begun once, whatever the network does (%s)', async (fault) => {
    const target = await labelled(live, fault === 'cut' ? '00000002' : '00000003');
    rds.proxy.inject('RestoreDBInstanceToPointInTime', fault, answers.throttled);
    rds.proxy.inject('ModifyDBInstance', answers.internalFailure);
    await untilRestored(target);
    await rds.host.destroy(target, 'undo');
    expect(await rds.leftovers(target)).toEqual([]);
  });

  it('is refused with the times that can be, and with what an operator can do', async () => {
    const target = await labelled(live, '00000004');
    const window = await rds.host.restorableWindow(live, new Date());
    expect(window?.from).toEqual(rds.servers.restorableSince(live.instanceId));
    const early = rds.host.restoreBeside(live, target, new Date(0));
    expect(await refusalOf(early)).toContain(`Choose a time from ${window?.from.toISOString()}`);
    rds.proxy.inject('RestoreDBInstanceToPointInTime', answers.instanceQuotaExceeded);
    expect(await refusalOf(rds.host.restoreBeside(live, target, to))).toMatch(/Service Quotas/);
    const notBackedUp = await createDedicated(rds.host);
    expect(await rds.host.restorableWindow(notBackedUp, new Date())).toBeUndefined();
    const none = rds.host.restoreBeside(notBackedUp, target, to);
    expect(await refusalOf(none)).toMatch(/no backup yet/);
    expect(await rds.leftovers(target)).toEqual([]);
    await rds.host.destroy(notBackedUp, 'undo');
  });

  it("leaves somebody else's of the same name alone", async () => {
    const target = await labelled(live, '00000005');
    await rds.occupy(target);
    expect(await refusalOf(rds.host.restoreBeside(live, target, to))).toMatch(/not this tenant's/);
  });
});

async function createTenant(world: World, placement: 'shared' | 'dedicated'): Promise<string> {
  const tenantId = newTenantId();
  await drive(await request(world.ports, tenantId, planOf[placement]), world.ports);
  return tenantId;
}

/** A shared instance with tenants of ours on it, as a stage has them. */
async function sharedOnRds(): Promise<{ ports: Pick<Ports['hosts'], 'shared'>; instanceId: string }> {
  const instance = await createDedicated(rds.host);
  const { instanceId } = instance;
  const admin = async () => ({ ...(await rds.host.adminConnection(instance)), database: 'postgres' });
  const copies = rdsServerCopies(instanceId, rds.options);
  return { instanceId, ports: { shared: sharedPostgres([{ instanceId, admin, maxDatabases: 50, copies }]) } };
}

describe.each(['shared', 'dedicated'] as const)('a %s tenant on RDS', (placement) => {
  it('is restored to a time, swapped in, and leaves no instance that is not needed', async () => {
    const plain = await createWorld();
    const shared = await sharedOnRds();
    const world: World = {
      ...plain,
      ports: { ...plain.ports, hosts: { dedicated: rds.host, shared: shared.ports.shared } },
    };
    const tenantId = await createTenant(world, placement);
    const reservation = (await world.ports.store.findTenant(tenantId))?.reservation;
    if (!reservation) throw new Error('no database');
    const live = { ...(await accessOf(world, tenantId)), ssl: { ca: rds.servers.certificateAuthority } };
    await rds.servers.backUp(reservation.instanceId);
    await write(live, 'before');
    const to = await pointInTime(live);
    await write(live, 'after');

    const operationId = await askToRestore(world, tenantId, to);
    await drive(operationId, world.ports);
    expect(await world.ports.store.findOperation(operationId)).toMatchObject({ status: 'succeeded' });
    await drive(await askFor(world, 'swap-restored', tenantId), world.ports);
    const access = { ...(await accessOf(world, tenantId)), ssl: live.ssl };
    expect(await namesIn(access)).toEqual(['before']);
    // Of a shared tenant, the copy of the whole server is gone.
    const label = `0${operationId.slice(0, 8)}`;
    const side = await rds.host.chooseInstance({ tenantId, label });
    expect((await rds.findInstance(side)) !== undefined).toBe(placement === 'dedicated');
  });
});
