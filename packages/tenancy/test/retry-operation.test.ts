import { expect, it } from 'vitest';
import { OperationRefused, type Ports, requestOperation } from '../src/index.ts';
import { createWorld, drive, newTenantId, operator, request, traces } from './support.ts';

const retry = ({ store }: Ports, operationId: string) =>
  store.retryOperation(operationId, { id: 'alice', sourceIp: '203.0.113.7' });

it('what could not be undone is undone when an operator says so, once', async () => {
  const world = await createWorld();
  const { ports } = world;
  const broken: Ports = {
    ...ports,
    database: {
      ...ports.database,
      seed: async () => {
        throw new OperationRefused('This gym has no name.');
      },
    },
    secrets: {
      ...ports.secrets,
      delete: async () => {
        throw new Error('The secret store is away.');
      },
    },
  };
  const tenantId = newTenantId();
  const operationId = await request(ports, tenantId, 'free');
  await drive(operationId, broken);
  expect((await ports.store.findOperation(operationId))?.status).toBe('failed');
  expect(await traces(world, tenantId)).not.toEqual([]);

  const outcomes = await Promise.all([retry(ports, operationId), retry(ports, operationId)]);
  expect(outcomes.filter((result) => result.outcome === 'accepted' && result.created)).toHaveLength(1);
  await drive(operationId, ports);
  expect(await ports.store.findOperation(operationId)).toMatchObject({
    status: 'compensated',
    error: 'This gym has no name.',
  });
  expect(await traces(world, tenantId)).toEqual([]);
  expect(await ports.store.listAudit({ tenantId, action: 'operation.retry', limit: 10 })).toMatchObject([
    { actor: 'alice', sourceIp: '203.0.113.7', operationId },
  ]);
  // Undone completely, the name is free again.
  await drive(await request(ports, tenantId, 'free'), ports);
  expect(await retry(ports, operationId)).toEqual({ outcome: 'not-parked' });
});

it('nothing else is taken up', async () => {
  const { ports } = await createWorld();
  const tenantId = newTenantId();
  const operationId = await request(ports, tenantId, 'free');
  await drive(operationId, ports);
  expect(await retry(ports, operationId)).toEqual({ outcome: 'not-parked' });
  await requestOperation('suspend', tenantId, {}, operator, ports.store);
  expect(await retry(ports, crypto.randomUUID())).toEqual({ outcome: 'unknown' });
});

it('the audit is read page by page, by actor and by action', async () => {
  const { ports } = await createWorld();
  for (const tenantId of ['iron-temple', 'other']) await request(ports, tenantId, 'free');
  const entry = { sourceIp: null, tenantId: 'iron-temple', refused: 'forbidden' };
  for (const actor of ['alice', 'bob', 'alice', 'alice']) {
    await ports.store.recordRefusal({ ...entry, actor, action: 'offboard' });
  }
  await ports.store.recordRefusal({ ...entry, actor: 'alice', action: 'suspend', tenantId: 'other' });
  const first = await ports.store.listAudit({ actor: 'alice', action: 'offboard', limit: 2 });
  const before = first.at(-1)?.id ?? '';
  const second = await ports.store.listAudit({ actor: 'alice', action: 'offboard', before, limit: 2 });
  expect([first.length, second.length]).toEqual([2, 1]);
  expect(await ports.store.listAudit({ tenantId: 'other', action: 'suspend', limit: 9 })).toMatchObject([
    { action: 'suspend', refused: 'forbidden' },
  ]);
});
