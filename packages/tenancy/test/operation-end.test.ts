import { expect, it } from 'vitest';
import { advance, requestOperation, requestRestore } from '../src/index.ts';
import { createWorld, drive, driver, newTenantId, operator, request, type World } from './support.ts';

/** Advances turn by turn, and says of each turn what whoever looks at the tenant sees. */
async function watch({ ports }: World, tenantId: string, operationId: string) {
  const seen = [];
  for (let turns = 0; turns < 200; turns += 1) {
    const { status } = await advance(operationId, ports, driver);
    const tenant = await ports.store.findTenant(tenantId);
    const operation = await ports.store.findOperation(operationId);
    seen.push({ tenant: tenant?.status, operation: operation?.status });
    if (status === 'done') return seen;
  }
  throw new Error(`Operation ${operationId} does not end.`);
}

it('whoever sees that a tenant is active may ask for the next change', async () => {
  const world = await createWorld();
  const { ports, pool } = world;
  const tenantId = newTenantId();
  const provisioning = await request(ports, tenantId, 'free');
  const ask = async (kind: 'suspend' | 'resume') => {
    const result = await requestOperation(kind, tenantId, {}, operator, ports.store);
    if (result.outcome !== 'accepted') throw new Error(result.outcome);
    return result.operationId;
  };
  const expectTogether = (seen: Awaited<ReturnType<typeof watch>>) => {
    expect(seen.at(-1)).toEqual({ tenant: 'active', operation: 'succeeded' });
    expect(seen.slice(0, -1).filter(({ tenant }) => tenant === 'active')).toEqual([]);
  };
  expectTogether(await watch(world, tenantId, provisioning));
  // What the world is told is so by then.
  const events = await pool.query('SELECT type FROM outbox WHERE operation_id = $1', [provisioning]);
  expect(events.rows).toEqual([{ type: 'TenantProvisioned' }]);
  await drive(await ask('suspend'), ports);
  expectTogether(await watch(world, tenantId, await ask('resume')));
});

it('while an operation runs, another one is refused with its name', async () => {
  const { ports } = await createWorld();
  const tenantId = newTenantId();
  const operationId = await request(ports, tenantId, 'free');
  const running = { outcome: 'running', operationId, kind: 'provision' };
  expect(await requestOperation('suspend', tenantId, {}, operator, ports.store)).toEqual(running);
  expect(await requestRestore(tenantId, new Date(), operator, ports)).toEqual(running);
});

it('whoever sees that a tenant is suspended may resume it: the end of the suspension is waited for', async () => {
  const { ports } = await createWorld();
  const tenantId = newTenantId();
  await drive(await request(ports, tenantId, 'free'), ports);
  const suspended = await requestOperation('suspend', tenantId, {}, operator, ports.store);
  if (suspended.outcome !== 'accepted') throw new Error(suspended.outcome);
  expect((await ports.store.findTenant(tenantId))?.status).toBe('suspended');
  const [resumed] = await Promise.all([
    requestOperation('resume', tenantId, {}, operator, ports.store),
    drive(suspended.operationId, ports),
  ]);
  expect(resumed).toMatchObject({ outcome: 'accepted', created: true });
});
