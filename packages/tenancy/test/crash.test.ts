import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { advance, OperationRefused, type Ports, requestOperation } from '../src/index.ts';
import { type CrashPoint, crashingPorts } from './crashing-ports.ts';
import {
  createWorld,
  dieAt,
  drive,
  driver,
  newTenantId,
  operator,
  planOf,
  request,
  traces,
  type World,
} from './support.ts';

const placements = ['shared', 'dedicated'] as const;

describe.each(placements)('a driver of a %s tenant that dies', (placement) => {
  it('at any call to the outside world: the next one finishes', async () => {
    const world = await createWorld();
    const calls = await countCalls(world, world.ports, placement);
    expect(calls).toBeGreaterThan(20);
    // To die before a call is to die after the one before it.
    await crashThenFinish(world, world.ports, placement, [{ call: 0, when: 'before' }], 'active');
    for (let call = 0; call < calls; call += 1) {
      await crashThenFinish(world, world.ports, placement, [{ call, when: 'after' }], 'active');
    }
  });

  it('at any call while it undoes: the next one leaves nothing behind', async () => {
    const world = await createWorld();
    const failing = failingAtMigrate(world.ports);
    const calls = await countCalls(world, failing, placement);
    for (let call = 0; call < calls; call += 2) {
      await crashThenFinish(world, failing, placement, [{ call, when: 'after' }], 'failed');
    }
  });
});

it.each(placements)(
  'a driver that dies while it suspends or resumes a %s tenant: the next one finishes',
  async (placement) => {
    const world = await createWorld();
    const tenantId = newTenantId();
    await drive(await request(world.ports, tenantId, planOf[placement]), world.ports);
    for (let call = 0; call < 12; call += 1) {
      for (const [kind, status] of [
        ['suspend', 'suspended'],
        ['resume', 'active'],
      ] as const) {
        const asked = await requestOperation(kind, tenantId, {}, operator, world.ports.store);
        if (asked.outcome !== 'accepted') throw new Error(asked.outcome);
        await dieAt(asked.operationId, world.ports, { call, when: 'after' });
        await drive(asked.operationId, world.ports);
        expect((await world.ports.store.findTenant(tenantId))?.status).toBe(status);
        expect((await world.ports.store.findOperation(asked.operationId))?.status).toBe('succeeded');
      }
    }
  },
);

it('converges whatever the points at which it dies, and however often', async () => {
  const world = await createWorld();
  const crashes = fc.array(
    fc.record({ call: fc.nat({ max: 35 }), when: fc.constantFrom('before' as const, 'after' as const) }),
    { maxLength: 6 },
  );
  await fc.assert(
    fc.asyncProperty(crashes, fc.boolean(), async (points, fails) => {
      const ports = fails ? failingAtMigrate(world.ports) : world.ports;
      await crashThenFinish(world, ports, 'shared', points, fails ? 'failed' : 'active');
    }),
    { numRuns: 40 },
  );
});

it('two drivers at once: one record, no step undone by the other', async () => {
  const world = await createWorld();
  const operationId = await request(world.ports, newTenantId(), 'free');
  const drivers = Array.from({ length: 5 }, (_, index) => ({ ...driver, owner: `driver-${index}` }));
  for (let turns = 0; turns < 50; turns += 1) {
    const results = await Promise.all(drivers.map((options) => advance(operationId, world.ports, options)));
    if (results.some((result) => result.status === 'done')) break;
  }
  const operation = await world.ports.store.findOperation(operationId);
  expect(operation?.status).toBe('succeeded');
  expect(operation?.steps.map((step) => step.attempts)).toEqual(Array(9).fill(1));
});

it('a driver thought dead cannot write any more', async () => {
  const world = await createWorld();
  const operationId = await request(world.ports, newTenantId(), 'free');
  const slow = await world.ports.store.claim(operationId, 'slow', 0);
  if (slow.outcome !== 'claimed') throw new Error(slow.outcome);
  await drive(operationId, world.ports, { ...driver, owner: 'next' });
  await expect(world.ports.store.startStep(slow.claim, 1)).rejects.toThrow('another driver');
  await expect(world.ports.store.activate(slow.claim)).rejects.toThrow('another driver');
});

/** Drives a new tenant into each crash in turn, then lets a healthy driver finish, and looks at what there is. */
async function crashThenFinish(
  world: World,
  ports: Ports,
  placement: (typeof placements)[number],
  points: CrashPoint[],
  expected: 'active' | 'failed',
): Promise<void> {
  const tenantId = newTenantId();
  const operationId = await request(ports, tenantId, planOf[placement]);
  for (const point of points) await dieAt(operationId, ports, point);
  await drive(operationId, ports);

  const tenant = await ports.store.findTenant(tenantId);
  expect(tenant?.status, JSON.stringify(points)).toBe(expected);
  const { rows } = await world.pool.query(
    `SELECT (SELECT count(*)::int FROM operations WHERE tenant_id = $1) AS operations,
            (SELECT count(*)::int FROM outbox WHERE tenant_id = $1) AS events`,
    [tenantId],
  );
  expect(rows).toEqual([{ operations: 1, events: 1 }]);
  if (expected === 'failed') expect(await traces(world, tenantId), JSON.stringify(points)).toEqual([]);
  else await ports.hosts[placement].destroy(reservationOf(tenant), 'undo');
}

function reservationOf(tenant: Awaited<ReturnType<Ports['store']['findTenant']>>) {
  if (!tenant?.reservation) throw new Error('not reserved');
  return tenant.reservation;
}

async function countCalls(
  world: World,
  ports: Ports,
  placement: (typeof placements)[number],
): Promise<number> {
  const counting = crashingPorts(ports);
  await drive(await request(world.ports, newTenantId(), planOf[placement]), counting.ports);
  return counting.calls();
}

function failingAtMigrate(ports: Ports): Ports {
  const migrate = async () => {
    throw new OperationRefused('This schema does not fit.');
  };
  return { ...ports, database: { ...ports.database, migrate } };
}
