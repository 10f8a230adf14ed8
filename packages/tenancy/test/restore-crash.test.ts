import type { Placement } from '@kyong/contracts';
import { expect, it } from 'vitest';
import { OperationRefused, type Ports } from '../src/index.ts';
import { Crash, crashingPorts } from './crashing-ports.ts';
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
import { accessOf, drive } from './support.ts';

const createRestorableWorld = withSharedServer();

/** Dies after every call to the outside world in turn, each time at the next one, and always comes back. */
async function dieAllTheWay(operationId: string, ports: Ports): Promise<number> {
  for (let call = 0; ; call += 1) {
    const crashing = crashingPorts(ports, { call, when: 'after' });
    const died = await drive(operationId, crashing.ports).then(
      () => false,
      (error: unknown) => {
        if (!(error instanceof Crash)) throw error;
        return true;
      },
    );
    if (!died) return call;
  }
}

async function createPast(world: RestorableWorld, placement: Placement) {
  const tenantId = await createTenant(world, placement);
  const live = await accessOf(world, tenantId);
  await write(live, 'before');
  const to = await pointInTime(live);
  await write(live, 'after');
  return { tenantId, to, before: await everything(world, tenantId) };
}

it.each(['shared', 'dedicated'] as const)(
  'a driver of a restore of a %s tenant that dies after every call: the next ones finish, and nothing is left over',
  async (placement) => {
    const world = await createRestorableWorld();
    const { store } = world.ports;
    const { tenantId, to, before } = await createPast(world, placement);
    const finished = async (operationId: string) => {
      expect(await dieAllTheWay(operationId, world.ports)).toBeGreaterThan(4);
      expect(await store.findOperation(operationId)).toMatchObject({ status: 'succeeded' });
    };

    // Thrown away: as if nothing had been.
    const restore = await askToRestore(world, tenantId, to);
    await finished(restore);
    expect((await store.findOperation(restore))?.report).toMatchObject({ tables: expect.any(Array) });
    await finished(await askFor(world, 'discard-restored', tenantId));
    expect(await everything(world, tenantId)).toEqual(before);

    // Put in place: the tenant lives in it.
    await finished(await askToRestore(world, tenantId, to));
    await finished(await askFor(world, 'swap-restored', tenantId));
    expect((await store.findTenant(tenantId))?.status).toBe('active');
    expect(await namesIn(await accessOf(world, tenantId))).toEqual(['before']);
    expect(await store.findSecondDatabases(tenantId)).toMatchObject([{ state: 'previous' }]);
  },
);

it.each(['shared', 'dedicated'] as const)(
  'a driver that dies while it undoes a restore of a %s tenant: the next ones leave nothing behind',
  async (placement) => {
    const world = await createRestorableWorld();
    const { tenantId, to, before } = await createPast(world, placement);
    const compare = async () => {
      throw new OperationRefused('They cannot be compared.');
    };
    const failing = { ...world.ports, database: { ...world.ports.database, compare } };
    const operationId = await askToRestore(world, tenantId, to);
    await dieAllTheWay(operationId, failing);
    expect(await world.ports.store.findOperation(operationId)).toMatchObject({ status: 'compensated' });
    expect(await everything(world, tenantId)).toEqual(before);
    expect(await world.ports.store.findSecondDatabases(tenantId)).toEqual([]);
    expect((await world.ports.store.findTenant(tenantId))?.status).toBe('active');
  },
);

it('a swap that fails leaves the tenant where it was, and what was restored for another try', async () => {
  const world = await createRestorableWorld();
  const { store } = world.ports;
  const { tenantId, to } = await createPast(world, 'shared');
  await drive(await askToRestore(world, tenantId, to), world.ports);
  const switchToTarget = async () => {
    throw new OperationRefused('Not now.');
  };
  const failing = { ...world.ports, store: { ...store, switchToTarget } };
  const operationId = await askFor(world, 'swap-restored', tenantId);
  await dieAllTheWay(operationId, failing);
  expect(await store.findOperation(operationId)).toMatchObject({ status: 'compensated' });
  expect((await store.findTenant(tenantId))?.status).toBe('active');
  expect(await namesIn(await accessOf(world, tenantId))).toEqual(['before', 'after']);

  await drive(await askFor(world, 'swap-restored', tenantId), world.ports);
  expect(await namesIn(await accessOf(world, tenantId))).toEqual(['before']);
});
