import { PutSecretValueCommand } from '@aws-sdk/client-secrets-manager';
import { withConnection } from '@kyong/postgres';
import { generate } from 'selfsigned';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DatabaseReservation } from '../src/index.ts';
import { createDedicated, refusalOf, reserve } from './host-support.ts';
import * as answers from './rds-answers.ts';
import { type RdsWorld, startRdsWorld } from './rds-world.ts';

let world: RdsWorld;
beforeAll(async () => {
  world = await startRdsWorld();
});
afterAll(() => world?.stop());

describe('the state RDS reports', () => {
  let instance: DatabaseReservation;
  beforeAll(async () => {
    instance = await createDedicated(world.host);
  });

  it.each([
    ['backing-up', 'available'],
    ['storage-optimization', 'available'],
    ['configuring-log-exports', 'available'],
    ['rebooting', 'creating'],
    ['a-status-of-next-year', 'creating'],
    ['storage-full', 'failed'],
    ['incompatible-network', 'failed'],
    ['incompatible-parameters', 'failed'],
    ['inaccessible-encryption-credentials', 'failed'],
    ['failed', 'failed'],
    ['stopped', 'failed'],
    ['deleting', 'failed'],
  ])('%s is %s', async (status, state) => {
    world.proxy.inject('DescribeDBInstances', answers.inStatus(status));
    const found = await world.host.describe(instance);
    expect(found.state).toBe(state);
    if (found.state === 'failed') expect(found.reason).toMatch(/operator|again/);
  });
  it('is believed only once there is an address and a password', async () => {
    world.proxy.inject('DescribeDBInstances', { rewritten: answers.withoutEndpoint });
    expect((await world.host.describe(instance)).state).toBe('creating');
    const noSecret = (body: string) => body.replace(/<SecretStatus>\w+/, '<SecretStatus>creating');
    world.proxy.inject('DescribeDBInstances', { rewritten: noSecret });
    expect((await world.host.describe(instance)).state).toBe('creating');
  });
});

describe('the way in', () => {
  it('follows the rotation of the master password', async () => {
    const reservation = await createDedicated(world.host);
    const { password: first } = await world.host.adminConnection(reservation);
    await world.servers.setPassword(reservation.instanceId, 'kyo', 'rotated');
    await world.secretsManager.send(
      new PutSecretValueCommand({
        SecretId: world.behaviour.secrets.get(reservation.instanceId) ?? '',
        SecretString: JSON.stringify({ username: 'kyo', password: 'rotated' }),
      }),
    );
    const admin = await world.host.adminConnection(reservation);
    await withConnection(admin, (client) => client.query('SELECT 1'));
    await expect(withConnection({ ...admin, password: first }, async () => {})).rejects.toThrow('password');
  });

  it('is encrypted, and leads to no server that another authority vouches for', async () => {
    const reservation = await createDedicated(world.host);
    const admin = await world.host.adminConnection(reservation);
    const { rows } = await withConnection(admin, (client) =>
      client.query('SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()'),
    );
    expect(rows).toEqual([{ ssl: true }]);
    const { cert } = await generate([{ name: 'commonName', value: 'localhost' }]);
    await expect(withConnection({ ...admin, ssl: { ca: cert } }, async () => {})).rejects.toThrow(
      'certificate',
    );
  });

  it('never shows a secret that is not what RDS writes', async () => {
    const reservation = await createDedicated(world.host);
    await world.secretsManager.send(
      new PutSecretValueCommand({
        SecretId: world.behaviour.secrets.get(reservation.instanceId) ?? '',
        SecretString: 'hunter2',
      }),
    );
    const error: unknown = await world.host.adminConnection(reservation).catch((caught: unknown) => caught);
    expect(String(error)).toMatch(/expected JSON/);
    expect(String(error)).not.toContain('hunter2');
  });
});

describe('the end', () => {
  it('of a protected instance, undone while it is being created, leaves nothing', async () => {
    const reservation = await reserve(world.host, 'dedicated', 'premium');
    await world.host.create(reservation);
    await world.host.destroy(reservation, 'undo');
    expect(await world.leftovers(reservation)).toEqual([]);
    const call = world.proxy.calls.findLast(({ action }) => action === 'DeleteDBInstance');
    expect(Object.fromEntries(call?.parameters ?? [])).toMatchObject({
      SkipFinalSnapshot: 'true',
      DeleteAutomatedBackups: 'true',
    });
  });

  it('of an offboarded tenant keeps a last snapshot and the backups', async () => {
    const reservation = await createDedicated(world.host, 'premium');
    await world.host.destroy(reservation, 'offboard');
    const call = world.proxy.calls.findLast(({ action }) => action === 'DeleteDBInstance');
    expect(call?.parameters.get('DeleteAutomatedBackups')).toBe('false');
    expect(await world.snapshots(reservation.instanceId)).toEqual([
      expect.stringMatching(new RegExp(`^${reservation.instanceId}-final-db-[a-z0-9]+$`)),
    ]);
  });

  it('that takes longer than one call may wait is waited for by the next', async () => {
    const reservation = await createDedicated(world.host);
    const impatient = world.hostWith({ deletion: { pollSeconds: 0.01, waitAtMostSeconds: 0 } });
    await expect(impatient.destroy(reservation, 'undo')).rejects.toThrow('is not gone');
    expect(await refusalOf(world.host.create(reservation))).toMatch(/being deleted/);
    await world.host.destroy(reservation, 'undo');
    expect(await world.leftovers(reservation)).toEqual([]);
  });
});
