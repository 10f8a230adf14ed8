import { withConnection } from '@kyong/postgres';
import { describe, expect, it, onTestFinished } from 'vitest';
import { requestOperation, requestRestore, requestRestoredChange } from '../src/index.ts';
import {
  askFor,
  askToRestore,
  createTenant,
  everything,
  namesIn,
  pointInTime,
  type RestorableWorld,
  withSharedServer,
  write,
} from './restore-support.ts';
import { accessOf, drive, operator } from './support.ts';

const createRestorableWorld = withSharedServer();

/** A tenant with one row before `to` and one after it. */
async function createPast(world: RestorableWorld, placement: 'shared' | 'dedicated') {
  const tenantId = await createTenant(world, placement);
  const live = await accessOf(world, tenantId);
  await write(live, 'before');
  const to = await pointInTime(live);
  await write(live, 'after');
  return { tenantId, live, to };
}

async function restored(world: RestorableWorld, tenantId: string, to: Date) {
  const operationId = await askToRestore(world, tenantId, to);
  await drive(operationId, world.ports);
  return world.ports.store.findOperation(operationId);
}

const secondOf = async ({ ports }: RestorableWorld, tenantId: string) =>
  (await ports.store.findSecondDatabases(tenantId))[0];

it('a shared tenant that is too large to be copied in the time a step has is told so, with the remedy', async () => {
  const world = await createRestorableWorld();
  // A tenth of a second: a megabyte.
  const ports = { ...world.ports, longestStepSeconds: 0.1 };
  const { tenantId, to } = await createPast(world, 'shared');
  const operationId = await askToRestore(world, tenantId, to);
  expect(await drive(operationId, ports)).toMatchObject({
    status: 'compensated',
    error: expect.stringMatching(
      /holds 0\.0 GB, and at most .* Promote the tenant to a plan with a server of its own/,
    ),
  });
  expect(await secondOf(world, tenantId)).toBeUndefined();
  const dedicated = await createPast(world, 'dedicated');
  const restoring = await askToRestore(world, dedicated.tenantId, dedicated.to);
  expect((await drive(restoring, ports)).status).toBe('succeeded');
});

describe.each(['shared', 'dedicated'] as const)('restoring a %s tenant', (placement) => {
  it('makes what it had at that time beside what it has, and says how they differ', async () => {
    const world = await createRestorableWorld();
    const { tenantId, live, to } = await createPast(world, placement);
    const operation = await restored(world, tenantId, to);

    expect(operation).toMatchObject({ status: 'succeeded', error: null });
    expect(operation?.report).toMatchObject({
      restoredTo: to.toISOString(),
      schemaVersion: (await world.ports.store.findTenant(tenantId))?.schemaVersion,
      tables: expect.arrayContaining(
        [
          { table: 'gym', liveRows: 1, restoredRows: 1, differingRows: 0 },
          { table: 'otp_log', liveRows: 0, restoredRows: 0, differingRows: 0, liveNewestAt: null },
          { table: 'otp_templates', liveRows: 2, restoredRows: 1, differingRows: 1 },
        ].map((comparison) => expect.objectContaining(comparison)),
      ),
    });
    // The live database is as it was, and so is the tenant.
    expect(await namesIn(live)).toEqual(['before', 'after']);
    expect((await world.ports.store.findTenant(tenantId))?.status).toBe('active');
    const second = await secondOf(world, tenantId);
    if (!second?.endpoint) throw new Error('nothing restored');
    const { host, port } = second.endpoint;
    const { databaseName: database, roleName: user } = second.reservation;
    expect(await namesIn({ ...live, host, port, database, user })).toEqual(['before']);
    // Whoever had a login at that time has none in what was restored.
    await expect(namesIn({ ...live, host, port, database })).rejects.toThrow(
      /password|denied|does not exist/,
    );
  });

  it('puts it in the place of the live one on demand, and keeps that one', async () => {
    const world = await createRestorableWorld();
    const { tenantId, live, to } = await createPast(world, placement);
    await restored(world, tenantId, to);
    await drive(await askFor(world, 'swap-restored', tenantId), world.ports);

    const access = await accessOf(world, tenantId);
    expect(access).not.toEqual(live);
    expect(await namesIn(access)).toEqual(['before']);
    await write(access, 'again');
    expect((await world.ports.store.findTenant(tenantId))?.status).toBe('active');
    const previous = await secondOf(world, tenantId);
    expect(previous).toMatchObject({ state: 'previous', reservation: { databaseName: live.database } });
    // Nobody writes to the former one by mistake; an operator finds in it what was written after that time.
    await expect(namesIn(live)).rejects.toThrow(/not permitted to log in/);
    if (!previous) throw new Error('nothing kept');
    const admin = await world.ports.hosts[placement].adminConnection(previous.reservation);
    expect(await namesIn(admin)).toEqual(['before', 'after']);

    const { rows } = await world.pool.query(
      'SELECT type FROM outbox WHERE tenant_id = $1 ORDER BY created_at',
      [tenantId],
    );
    expect(rows.map(({ type }) => type)).toEqual([
      'TenantProvisioned',
      'TenantRestorePrepared',
      'TenantRestored',
    ]);
  });

  it('takes it away on demand, without a trace', async () => {
    const world = await createRestorableWorld();
    const { tenantId, live, to } = await createPast(world, placement);
    const before = await everything(world, tenantId);
    await restored(world, tenantId, to);
    expect(await everything(world, tenantId)).not.toEqual(before);
    await drive(await askFor(world, 'discard-restored', tenantId), world.ports);
    expect(await everything(world, tenantId)).toEqual(before);
    expect(await secondOf(world, tenantId)).toBeUndefined();
    expect(await namesIn(live)).toEqual(['before', 'after']);
  });

  it('lets everybody work meanwhile, and takes nothing from them', async () => {
    const world = await createRestorableWorld();
    const { tenantId, to } = await createPast(world, placement);
    const others = [await createTenant(world, 'shared'), await createTenant(world, placement)];
    const accesses = await Promise.all([tenantId, ...others].map((id) => accessOf(world, id)));
    let over = false;
    const written = accesses.map(() => 0);
    const writers = accesses.map((access, index) =>
      withConnection(access, async (client) => {
        while (!over) {
          await client.query(
            "INSERT INTO otp_templates (name, channel, purpose, active, bodies) VALUES ($1, 'sms', 'login', false, '{}')",
            [`load ${written[index]}`],
          );
          written[index] = (written[index] ?? 0) + 1;
        }
      }),
    );
    onTestFinished(() => {
      over = true;
    });
    await restored(world, tenantId, to);
    over = true;
    await Promise.all(writers);

    for (const [index, access] of accesses.entries()) {
      const names = (await namesIn(access)).filter((name) => name.startsWith('load'));
      expect(written[index]).toBeGreaterThan(10);
      expect(names).toHaveLength(written[index] ?? 0);
    }
    const second = await secondOf(world, tenantId);
    if (!second) throw new Error('nothing restored');
    const admin = await world.ports.hosts[placement].adminConnection(second.reservation);
    expect(await namesIn(admin)).toEqual(['before']);
  });
});

describe('a restored database', () => {
  it('goes on after the servers were switched off in between', async () => {
    const world = await createRestorableWorld();
    const { tenantId, to } = await createPast(world, 'dedicated');
    await restored(world, tenantId, to);
    await world.dedicated.stopAll();
    const live = (await world.ports.store.findTenant(tenantId))?.reservation;
    if (!live) throw new Error('no database');
    await world.dedicated.describe(live);
    await drive(await askFor(world, 'swap-restored', tenantId), world.ports);
    expect(await namesIn(await accessOf(world, tenantId))).toEqual(['before']);
  });

  it('can go back again from what was restored', async () => {
    const world = await createRestorableWorld();
    const { tenantId, to } = await createPast(world, 'dedicated');
    await restored(world, tenantId, to);
    await drive(await askFor(world, 'swap-restored', tenantId), world.ports);
    await world.dedicated.backUp(new Date());
    const access = await accessOf(world, tenantId);
    await write(access, 'second life');
    const again = await pointInTime(access);
    await write(access, 'mistake');

    expect(await restored(world, tenantId, again)).toMatchObject({ status: 'succeeded' });
    await drive(await askFor(world, 'swap-restored', tenantId), world.ports);
    expect(await namesIn(await accessOf(world, tenantId))).toEqual(['before', 'second life']);
  });

  it('leaves a suspended tenant shut out, of what was restored as well', async () => {
    const world = await createRestorableWorld();
    const { tenantId, to } = await createPast(world, 'shared');
    const asked = await requestOperation('suspend', tenantId, {}, operator, world.ports.store);
    if (asked.outcome !== 'accepted') throw new Error(asked.outcome);
    await drive(asked.operationId, world.ports);
    await restored(world, tenantId, to);
    await drive(await askFor(world, 'swap-restored', tenantId), world.ports);
    expect((await world.ports.store.findTenant(tenantId))?.status).toBe('suspended');
    await expect(namesIn(await accessOf(world, tenantId))).rejects.toThrow(/not permitted to log in/);
  });
});

describe('a restore that cannot be', () => {
  it('is refused with the times that can be', async () => {
    const world = await createRestorableWorld();
    const { tenantId } = await createPast(world, 'shared');
    const minute = 60_000;
    const tenant = await world.ports.store.findTenant(tenantId);
    const created = tenant?.createdAt.getTime() ?? 0;
    for (const to of [new Date(created - minute), new Date(Date.now() + minute)]) {
      expect(await requestRestore(tenantId, to, operator, world.ports)).toMatchObject({
        outcome: 'outside-window',
        reason: expect.stringContaining('Choose a time from'),
        window: { from: tenant?.createdAt, until: expect.any(Date) },
      });
    }
    expect(await requestRestore('nobody', new Date(), operator, world.ports)).toEqual({ outcome: 'unknown' });
  });

  it('is refused where there is no backup yet', async () => {
    const world = await createRestorableWorld();
    const tenantId = await createTenant(world, 'shared');
    const none = async () => undefined;
    const ports = {
      ...world.ports,
      hosts: { ...world.ports.hosts, shared: { ...world.ports.hosts.shared, restorableWindow: none } },
    };
    expect(await requestRestore(tenantId, new Date(), operator, ports)).toMatchObject({
      outcome: 'outside-window',
      reason: expect.stringContaining('no backup'),
    });
  });

  it('is undone when the tenant was not there at that time, and leaves nothing', async () => {
    const world = await createRestorableWorld();
    const { tenantId } = await createPast(world, 'shared');
    const before = await everything(world, tenantId);
    // Asked for, and before its database was made.
    const created = (await world.ports.store.findTenant(tenantId))?.createdAt ?? new Date();
    const operation = await restored(world, tenantId, created);
    expect(operation).toMatchObject({
      status: 'compensated',
      error: expect.stringContaining('did not live'),
    });
    expect(await everything(world, tenantId)).toEqual(before);
    expect((await world.ports.store.findTenant(tenantId))?.status).toBe('active');
  });

  it('waits for a decision about the one before it; the same one again is the same operation', async () => {
    const world = await createRestorableWorld();
    const { tenantId, to } = await createPast(world, 'shared');
    const { store } = world.ports;
    const change = (kind: 'swap-restored' | 'discard-restored') =>
      requestRestoredChange(kind, tenantId, operator, store);
    expect(await change('swap-restored')).toEqual({ outcome: 'nothing-restored' });
    const first = await restored(world, tenantId, to);
    expect(await requestRestore(tenantId, to, operator, world.ports)).toMatchObject({
      outcome: 'accepted',
      operationId: first?.id,
      created: false,
    });
    expect(await requestRestore(tenantId, new Date(), operator, world.ports)).toEqual({
      outcome: 'restored-exists',
    });
    const discard = await askFor(world, 'discard-restored', tenantId);
    await drive(discard, world.ports);
    expect(await change('discard-restored')).toMatchObject({ operationId: discard, created: false });
    expect(await change('swap-restored')).toEqual({ outcome: 'nothing-restored' });
  });
});
