import { withConnection } from '@kyong/postgres';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDedicated, refusalOf, reserve, untilAvailable } from './host-support.ts';
import * as answers from './rds-answers.ts';
import { type RdsWorld, startRdsWorld } from './rds-world.ts';

let world: RdsWorld;
beforeAll(async () => {
  world = await startRdsWorld();
});
afterAll(() => world?.stop());

describe('what RDS is asked for', () => {
  it('is what the plan buys, encrypted, private, backed up and tagged', async () => {
    const reservation = await reserve(world.host, 'dedicated', 'premium');
    await world.host.create(reservation);
    const call = world.proxy.calls.findLast(({ action }) => action === 'CreateDBInstance');
    expect(Object.fromEntries(call?.parameters ?? [])).toEqual({
      Action: 'CreateDBInstance',
      Version: '2014-10-31',
      DBInstanceIdentifier: `kyo-test-t-${reservation.tenantId}`,
      DBName: reservation.databaseName,
      Engine: 'postgres',
      EngineVersion: '17.9',
      AutoMinorVersionUpgrade: 'true',
      EngineLifecycleSupport: 'open-source-rds-extended-support-disabled',
      DBInstanceClass: 'db.t4g.medium',
      MultiAZ: 'false',
      StorageType: 'gp3',
      AllocatedStorage: '100',
      MaxAllocatedStorage: '500',
      StorageEncrypted: 'true',
      KmsKeyId: 'alias/kyo',
      MasterUsername: 'kyo',
      ManageMasterUserPassword: 'true',
      MasterUserSecretKmsKeyId: 'alias/kyo',
      CACertificateIdentifier: 'rds-ca-rsa2048-g1',
      DBParameterGroupName: 'kyo-postgres17',
      DBSubnetGroupName: 'kyo-databases',
      'VpcSecurityGroupIds.VpcSecurityGroupId.1': 'sg-0123456789abcdef0',
      PubliclyAccessible: 'false',
      BackupRetentionPeriod: '14',
      CopyTagsToSnapshot: 'true',
      DeletionProtection: 'true',
      PreferredBackupWindow: '15:00-15:30',
      PreferredMaintenanceWindow: 'sun:16:00-sun:16:30',
      'Tags.Tag.1.Key': 'kyo:managed',
      'Tags.Tag.1.Value': 'true',
      'Tags.Tag.2.Key': 'kyo:stage',
      'Tags.Tag.2.Value': 'test',
      'Tags.Tag.3.Key': 'kyo:tenant',
      'Tags.Tag.3.Value': reservation.tenantId,
      'Tags.Tag.4.Key': 'kyo:plan',
      'Tags.Tag.4.Value': 'premium',
    });
  });

  it('is refused where the name or the version cannot be', async () => {
    expect(await refusalOf(world.host.chooseInstance({ tenantId: 'no--such' }))).toMatch(/Choose another/);
    expect(await refusalOf(world.host.chooseInstance({ tenantId: 'x'.repeat(60) }))).toMatch(
      /Choose another/,
    );
    expect(() => world.hostWith({ stage: 'prod-eu' })).toThrow('expected a letter');
    const host = world.hostWith({ postgresMajorVersion: 9 });
    expect(await refusalOf(host.create(await reserve(host, 'dedicated')))).toMatch(/another major version/);
  });
});

describe('a bad network', () => {
  const { throttled, internalFailure } = answers;

  it.each([
    ['throttles', [throttled]],
    ['fails', [internalFailure, internalFailure]],
    ['loses the reply', ['lost-reply', 'lost-reply'] as const],
    ['loses the call', ['cut', 'cut'] as const],
  ])('that %s makes one instance, and then none', async (_, faults) => {
    const reservation = await reserve(world.host, 'dedicated');
    for (const action of ['DescribeDBEngineVersions', 'CreateDBInstance'])
      world.proxy.inject(action, ...faults);
    await world.host.create(reservation);
    world.proxy.inject('DescribeDBInstances', ...faults);
    await untilAvailable(world.host, reservation);
    for (const action of ['DescribeDBInstances', 'GetSecretValue']) world.proxy.inject(action, ...faults);
    const admin = await world.host.adminConnection(reservation);
    await withConnection(admin, (client) => client.query('SELECT 1'));
    world.proxy.inject('DeleteDBInstance', ...faults);
    await world.host.destroy(reservation, 'undo');
    expect(await world.leftovers(reservation)).toEqual([]);
  });

  it('is given up after some attempts, for the operation to come back later', async () => {
    const host = world.hostWith({}, 3);
    const reservation = await reserve(host, 'dedicated');
    world.proxy.inject('CreateDBInstance', throttled, throttled, throttled);
    await expect(host.create(reservation)).rejects.toMatchObject({ name: 'Throttling' });
    await host.create(reservation);
    await host.destroy(reservation, 'undo');
  });
});

describe('faults that trying again does not mend', () => {
  it.each([
    ['the quota of instances', answers.instanceQuotaExceeded, /raise "DB instances" .* Service Quotas/],
    ['the quota of storage', answers.storageQuotaExceeded, /raise "Total storage .* Service Quotas/],
    ['no capacity', answers.insufficientCapacity, /again in an hour, or choose another plan/],
    ['too few subnets', answers.subnetsTooFew, /network .* operator/],
    ['a key out of reach', answers.keyNotAccessible, /encryption key .* operator/],
  ])('%s: refused at once, with the remedy', async (_, fault, remedy) => {
    const reservation = await reserve(world.host, 'dedicated');
    world.proxy.inject('CreateDBInstance', fault);
    expect(await refusalOf(world.host.create(reservation))).toMatch(remedy);
    expect(await world.leftovers(reservation)).toEqual([]);
  });

  it('mean nothing when the instance is there: its creation took the last of the quota', async () => {
    const reservation = await createDedicated(world.host);
    world.proxy.inject('CreateDBInstance', answers.instanceQuotaExceeded);
    await world.host.create(reservation);
    await world.host.destroy(reservation, 'undo');
  });
});

describe('the account', () => {
  it('tells what is used of it, addresses of its network among that', async () => {
    const quotas = await world.host.quotas();
    expect(quotas.map(({ name, used, limit }) => [name, used, limit])).toEqual([
      ['DB instances', 3, 40],
      ['Total storage for all DB instances', 300, 100_000],
      ['Manual DB instance snapshots', 80, 100],
      ['Addresses in subnet-a', 43, 2_043],
      ['Addresses in subnet-c', 143, 2_043],
    ]);
  });

  it('is refused when its network has too few addresses left', async () => {
    const { subnets } = world.behaviour;
    const before = structuredClone(subnets);
    const reservation = await reserve(world.host, 'dedicated');
    try {
      subnets['subnet-c'] = { cidr: '10.0.8.0/28', free: 1 };
      expect(await refusalOf(world.host.checkQuota(reservation))).toMatch(
        /11 of 11 would be used .*larger subnets/,
      );
    } finally {
      Object.assign(subnets, before);
    }
  });

  it('is asked for room first, and keeps its reserve', async () => {
    const { quotas } = world.behaviour;
    const reservation = await reserve(world.host, 'dedicated', 'premium');
    const before = structuredClone(quotas);
    try {
      quotas.DBInstances.used = 35;
      await world.host.checkQuota(reservation);
      quotas.DBInstances.used = 36;
      expect(await refusalOf(world.host.checkQuota(reservation))).toMatch(/37 of 40 .* raise "DB instances"/);
      quotas.DBInstances.used = 1;
      quotas.AllocatedStorage.used = quotas.AllocatedStorage.max * 0.9 - 99;
      expect(await refusalOf(world.host.checkQuota(reservation))).toMatch(/raise "Total storage/);
      // One that exists needs no more room.
      const existing = await createDedicated(world.host);
      quotas.DBInstances.used = quotas.DBInstances.max;
      await world.host.checkQuota(existing);
    } finally {
      Object.assign(quotas, before);
    }
  });
});
