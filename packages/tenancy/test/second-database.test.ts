import { expect, it } from 'vitest';
import {
  type Claim,
  type DatabaseReservation,
  databaseNames,
  labelOf,
  requestOperation,
} from '../src/index.ts';
import { createWorld, drive, newTenantId, operator, request, type World } from './support.ts';

const keepUntil = new Date('2030-01-01T00:00:00Z');
const endpoint = { host: '192.0.2.1', port: 5432, engineVersion: '17.10' };

/** A claim of an operation whose tenant has a database, and a reservation for a second one. */
async function claimed(world: World) {
  const { store } = world.ports;
  const tenantId = newTenantId();
  await drive(await request(world.ports, tenantId, 'free'), world.ports);
  const asked = await requestOperation('suspend', tenantId, {}, operator, store);
  if (asked.outcome !== 'accepted') throw new Error(asked.outcome);
  const reservation: DatabaseReservation = {
    tenantId,
    plan: 'premium',
    placement: 'dedicated',
    instanceId: `kyo-${labelOf(asked.operationId)}-${tenantId}`,
    ...databaseNames(tenantId, labelOf(asked.operationId)),
    secretRef: `tenants/${tenantId}/database`,
  };
  return { tenantId, reservation, claim: () => claim(world, asked.operationId) };
}

async function claim({ ports }: World, operationId: string, owner = 'test'): Promise<Claim> {
  const result = await ports.store.claim(operationId, owner, 30);
  if (result.outcome !== 'claimed') throw new Error(result.outcome);
  return result.claim;
}

it('is the target of its operation until the switch, and the previous one after it', async () => {
  const world = await createWorld();
  const { store } = world.ports;
  const { tenantId, reservation, claim } = await claimed(world);
  const before = await store.findTenant(tenantId);

  await store.reserveTarget(await claim(), reservation);
  await expect(store.switchToTarget(await claim(), keepUntil)).rejects.toThrow('no target');
  await store.recordTargetEndpoint(await claim(), endpoint);
  await store.recordTargetSchemaVersion(await claim(), '0009_next');
  expect((await claim()).second).toMatchObject({ state: 'target', reservation, endpoint, keepUntil: null });
  expect(await store.findTenant(tenantId)).toEqual(before);

  // The second time finds it done.
  await store.switchToTarget(await claim(), keepUntil);
  await store.switchToTarget(await claim(), keepUntil);
  expect(await store.findTenant(tenantId)).toMatchObject({
    plan: 'premium',
    placement: 'dedicated',
    schemaVersion: '0009_next',
    reservation,
    endpoint,
  });
  expect(await store.findSecondDatabases(tenantId)).toEqual([
    {
      operationId: (await claim()).operation.id,
      state: 'previous',
      reservation: before?.reservation,
      endpoint: before?.endpoint,
      schemaVersion: before?.schemaVersion,
      keepUntil,
    },
  ]);

  await store.switchBack(await claim());
  await store.switchBack(await claim());
  expect(await store.findTenant(tenantId)).toEqual(before);
  expect((await claim()).second).toMatchObject({ state: 'target', reservation, endpoint });
});

it('is forgotten by its kind: a previous one is no target, a target no previous one', async () => {
  const world = await createWorld();
  const { store } = world.ports;
  const { tenantId, reservation, claim } = await claimed(world);
  await store.reserveTarget(await claim(), reservation);
  await store.recordTargetEndpoint(await claim(), endpoint);
  const { operation } = await claim();

  await store.forgetPrevious(await claim(), operation.id);
  expect(await store.findSecondDatabases(tenantId)).toHaveLength(1);
  await store.switchToTarget(await claim(), keepUntil);
  await store.forgetTarget(await claim());
  expect(await store.findSecondDatabases(tenantId)).toHaveLength(1);
  await store.forgetPrevious(await claim(), operation.id);
  expect(await store.findSecondDatabases(tenantId)).toEqual([]);
});

it('follows its server to another address', async () => {
  const world = await createWorld();
  const { store } = world.ports;
  const { reservation, claim } = await claimed(world);
  await store.reserveTarget(await claim(), reservation);
  await store.recordTargetEndpoint(await claim(), endpoint);
  await store.moveInstance(reservation.instanceId, { host: '192.0.2.2', port: 6543 });
  expect((await claim()).second?.endpoint).toEqual({ ...endpoint, host: '192.0.2.2', port: 6543 });
});

it('is not touched by a driver thought dead', async () => {
  const world = await createWorld();
  const { store } = world.ports;
  const { tenantId, reservation, claim } = await claimed(world);
  await store.reserveTarget(await claim(), reservation);
  await store.recordTargetEndpoint(await claim(), endpoint);
  const stale = await claim();
  await claim();
  for (const write of [
    () => store.reserveTarget(stale, reservation),
    () => store.recordTargetEndpoint(stale, endpoint),
    () => store.recordTargetSchemaVersion(stale, '0009_next'),
    () => store.switchToTarget(stale, keepUntil),
    () => store.switchBack(stale),
    () => store.forgetTarget(stale),
    () => store.forgetPrevious(stale, stale.operation.id),
  ]) {
    await expect(write()).rejects.toThrow('another driver');
  }
  expect((await store.findTenant(tenantId))?.plan).toBe('free');
  expect((await claim()).second).toMatchObject({ state: 'target', endpoint });
});
