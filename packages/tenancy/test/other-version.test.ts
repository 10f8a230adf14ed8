import { expect, it } from 'vitest';
import type { Ports } from '../src/index.ts';
import { operations } from '../src/operations/index.ts';
import { createWorld, drive, newTenantId, request } from './support.ts';

const today = operations.provision.steps.map(({ name }) => name);
const stepNames = async ({ store }: Ports, id: string) =>
  (await store.findOperation(id))?.steps.map(({ name }) => name);

/** An operation of a version that called `migrate` something else, or had a step that is needed no more. */
async function begunBefore(change: 'renamed' | 'removed') {
  const world = await createWorld();
  const { ports, pool } = world;
  const tenantId = newTenantId();
  const operationId = await request(ports, tenantId, 'free');
  const rename = (from: string, to: string) =>
    pool.query('UPDATE operation_steps SET name = $3 WHERE operation_id = $1 AND name = $2', [
      operationId,
      from,
      to,
    ]);
  if (change === 'renamed') await rename('migrate', 'apply-schema');
  else {
    const at = today.indexOf('seed') + 1;
    await pool.query(
      'UPDATE operation_steps SET position = -position WHERE operation_id = $1 AND position >= $2',
      [operationId, at],
    );
    await pool.query(
      'UPDATE operation_steps SET position = 1 - position WHERE operation_id = $1 AND position < 0',
      [operationId],
    );
    await pool.query(
      "INSERT INTO operation_steps (operation_id, position, name) VALUES ($1, $2, 'warm-caches')",
      [operationId, at],
    );
  }
  return { ...world, tenantId, operationId, rename };
}

it.each(['renamed', 'removed'] as const)(
  'an operation with a step that is %s since ends as one of today',
  async (change) => {
    const { ports, tenantId, operationId } = await begunBefore(change);
    expect(await stepNames(ports, operationId)).not.toEqual(today);
    expect(await drive(operationId, ports)).toMatchObject({ status: 'succeeded' });
    expect(await stepNames(ports, operationId)).toEqual(today);
    expect((await ports.store.findTenant(tenantId))?.status).toBe('active');
  },
);

it('a step that had begun under another name is left for the operator, and goes on as today when they say so', async () => {
  const { ports, pool, tenantId, operationId } = await begunBefore('renamed');
  await pool.query(
    "UPDATE operation_steps SET status = 'retrying', attempts = 1 WHERE operation_id = $1 AND name = 'apply-schema'",
    [operationId],
  );
  const parked = await drive(operationId, ports);
  expect(parked).toMatchObject({
    status: 'failed',
    undoing: false,
    error: expect.stringContaining(`The step apply-schema was begun by another version`),
  });
  expect(parked.error).toContain(`kyo operations retry ${operationId}`);
  const retried = await ports.store.retryOperation(operationId, { id: 'alice', sourceIp: null });
  expect(retried).toMatchObject({ outcome: 'accepted', created: true });
  expect(await drive(operationId, ports)).toMatchObject({ status: 'succeeded', error: null });
  expect(await stepNames(ports, operationId)).toEqual(today);
  expect((await ports.store.findTenant(tenantId))?.status).toBe('active');
});

it('what an unknown step has left is not taken for undone: a version that knows it takes it up', async () => {
  const { ports, operationId, rename } = await begunBefore('renamed');
  await rename('apply-schema', 'migrate');
  const failing: Ports = {
    ...ports,
    database: { ...ports.database, seed: () => Promise.reject(new Error('no')) },
  };
  // It is left for the operator while it is being undone, and then the other version comes.
  const away = { ...ports.secrets, delete: () => Promise.reject(new Error('away')) };
  await drive(operationId, { ...failing, secrets: away });
  await rename('create-app-role', 'make-role');
  await ports.store.retryOperation(operationId, { id: 'alice', sourceIp: null });
  expect(await drive(operationId, ports)).toMatchObject({ status: 'failed' });
  await rename('make-role', 'create-app-role');
  await ports.store.retryOperation(operationId, { id: 'alice', sourceIp: null });
  expect(await drive(operationId, ports)).toMatchObject({ status: 'compensated' });
});
