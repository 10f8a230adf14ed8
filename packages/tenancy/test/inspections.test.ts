import { randomUUID } from 'node:crypto';
import type { InspectionKind } from '@kyong/contracts';
import { expect, it } from 'vitest';
import { createInspections } from '../src/adapters/master-database/index.ts';
import { createTenantSchema } from '../src/adapters/tenant-migrations.ts';
import { type InspectionPorts, inspect } from '../src/index.ts';
import { createWorld, newTenantId } from './support.ts';

/** Inspections of a world whose shared server is empty: the real one is the whole run's. */
async function createInspecting() {
  const world = await createWorld();
  const inspections = createInspections(world.pool);
  const errors: unknown[] = [];
  const { hosts } = world.ports;
  const deps: InspectionPorts = {
    inspections,
    ports: { ...world.ports, hosts: { ...hosts, shared: { ...hosts.shared, list: async () => [] } } },
    schema: createTenantSchema(async () => world.shared),
    quotaShares: { refuse: 1, warn: 0.8 },
    onError: (error) => void errors.push(error),
  };
  const ask = async (kind: InspectionKind, after?: string) => {
    const id = randomUUID();
    await inspections.addInspection({ id, kind, after, actor: 'operator', sourceIp: '203.0.113.7' });
    return id;
  };
  return { ...world, inspections, deps, errors, ask };
}

it('an inspection writes down what was found, and what it removed into the audit', async () => {
  const { ports, inspections, deps, ask } = await createInspecting();
  const gone = newTenantId();
  await ports.secrets.ensure(`tenants/${gone}/database`);
  const orphan = { problem: 'orphan', kind: 'secret', name: `tenants/${gone}/database`, tenantId: gone };

  const look = await ask('differences');
  await inspect(look, deps);
  expect(await inspections.findInspection(look)).toMatchObject({
    status: 'succeeded',
    result: { differences: [orphan] },
  });
  const repair = await ask('repair');
  await inspect(repair, deps);
  // Whoever drives it twice finds it done.
  await inspect(repair, deps);
  expect(await inspections.findInspection(repair)).toMatchObject({
    result: { removed: [orphan], failed: [] },
  });
  expect(await ports.store.listAudit({ tenantId: gone, limit: 10 })).toMatchObject([
    { actor: 'operator', sourceIp: '203.0.113.7', action: 'remove-orphan', detail: { kind: 'secret' } },
  ]);
});

it('an inspection fails in words that show nothing when something does not answer', async () => {
  const { inspections, deps, errors, ask } = await createInspecting();
  const away = new Error('connect ECONNREFUSED 10.0.0.1:5432');
  const id = await ask('quotas');
  const hosts = {
    ...deps.ports.hosts,
    shared: { ...deps.ports.hosts.shared, quotas: () => Promise.reject(away) },
  };
  await inspect(id, { ...deps, ports: { ...deps.ports, hosts } });
  const found = await inspections.findInspection(id);
  expect(found).toMatchObject({ status: 'failed', error: expect.not.stringContaining('10.0.0.1') });
  expect(errors).toEqual([away]);
});

it('an inspection that was cut off is over after a quarter of an hour, and forgotten after a week', async () => {
  const { pool, inspections, deps, ask } = await createInspecting();
  const id = await ask('differences');
  await pool.query("UPDATE inspections SET created_at = now() - interval '16 minutes'");
  expect(await inspections.findInspection(id)).toMatchObject({ status: 'failed' });
  await inspect(id, deps);
  expect((await inspections.findInspection(id))?.result).toBeNull();
  await pool.query("UPDATE inspections SET created_at = now() - interval '8 days'");
  await ask('differences');
  expect(await inspections.findInspection(id)).toBeUndefined();
});

it('an inspection of the schemas looks at a page of tenants, and says where the next begins', async () => {
  const { pool, inspections, deps, ask } = await createInspecting();
  await pool.query(
    `INSERT INTO tenants (id, name, plan, placement, status, region, owner_id)
     SELECT 'gym-' || 100 + n, '', 'free', 'shared', 'provisioning', 'x', 'x' FROM generate_series(1, 51) AS n`,
  );
  const [first, last] = [await ask('drift'), await ask('drift', 'gym-150')];
  for (const id of [first, last]) await inspect(id, deps);
  const resultOf = async (id: string) => (await inspections.findInspection(id))?.result;
  expect(await resultOf(first)).toEqual({ tenants: [], nextCursor: 'gym-150' });
  expect(await resultOf(last)).toEqual({ tenants: [], nextCursor: null });
});
