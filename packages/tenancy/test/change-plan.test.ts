import { withConnection } from '@kyong/postgres';
import { describe, expect, it } from 'vitest';
import { type Ports, requestChangePlan, requestOperation, requestScheduled } from '../src/index.ts';
import {
  adminOf,
  askConfirm,
  askPlan,
  copyTraces,
  detailOf,
  namesOf,
  tenantOf,
} from './relocation-support.ts';
import { createWorld, drive, newTenantId, operator, policy, request, traces, type World } from './support.ts';
import { startWriteLoad } from './write-load.ts';

const secretOf = (tenantId: string) => `secrets/tenants/${tenantId}/database.secret`;

async function provisioned(world: World, plan: 'free' | 'basic' = 'free'): Promise<string> {
  const tenantId = newTenantId();
  await drive(await request(world.ports, tenantId, plan), world.ports);
  return tenantId;
}

/** Rows that were there before, so that the copy takes a while. */
async function fill(world: World, tenantId: string, rows: number): Promise<void> {
  await withConnection(await adminOf(world, await tenantOf(world, tenantId)), (client) =>
    client.query(
      `INSERT INTO otp_log (reference, status, channel, purpose, recipient, recipient_hash, requested_at)
       SELECT gen_random_uuid(), 'verified', 'sms', 'login', 'old', 'old', now() FROM generate_series(1, $1)`,
      [rows],
    ),
  );
}

async function references(world: World, tenantId: string): Promise<string[]> {
  const { rows } = await withConnection(await adminOf(world, await tenantOf(world, tenantId)), (client) =>
    client.query<{ reference: string }>("SELECT reference FROM otp_log WHERE recipient <> 'old'"),
  );
  return rows.map(({ reference }) => reference);
}

/** Somebody has meddled with the copy. */
function meddling(ports: Ports): Ports {
  const compare: Ports['copies']['compare'] = async (ends, waitAtMostSeconds) => {
    await withConnection(ends.target, (client) => client.query('DELETE FROM otp_templates; DELETE FROM gym'));
    return ports.copies.compare(ends, waitAtMostSeconds);
  };
  return { ...ports, copies: { ...ports.copies, compare } };
}

describe('a change of plan under hundreds of writes a second', () => {
  it('to a server of its own, and back to a shared one, loses and doubles nothing', async () => {
    const world = await createWorld();
    const tenantId = await provisioned(world);
    await fill(world, tenantId, 20_000);
    const load = startWriteLoad(world, tenantId);
    const operations = [];
    for (const plan of ['basic', 'free'] as const) {
      operations.push(await drive(await askPlan(world.ports, tenantId, plan), world.ports));
    }
    const { written, refused, longestMilliseconds, perSecond } = await load.stop();

    expect(operations.map(({ status }) => status)).toEqual(['succeeded', 'succeeded']);
    expect(new Set(await references(world, tenantId))).toEqual(new Set(written));
    expect(written.length).toBe(new Set(written).size);
    const pauses = operations.map((operation) => detailOf(operation, 'open-target'));
    const pauseSeconds = pauses.map((pause) => Number(/^write pause ([\d.]+) s$/.exec(pause ?? '')?.[1]));
    expect(Math.max(...pauseSeconds)).toBeLessThan(10);
    process.stdout.write(
      `• ${written.length} writes at ${Math.round(perSecond)}/s through two changes of plan: ${pauses.join(', ')}; ` +
        `${refused} attempts refused and repeated, the longest write ${Math.round(longestMilliseconds)} ms, 0 lost, 0 doubled\n`,
    );
    expect(written.length).toBeGreaterThan(300);
  });

  it('goes back by itself when the copy is not the same, and the tenant writes on where it was', async () => {
    const world = await createWorld();
    const tenantId = await provisioned(world);
    const before = await tenantOf(world, tenantId);
    const load = startWriteLoad(world, tenantId, 4);
    const operationId = await askPlan(world.ports, tenantId, 'basic');
    const operation = await drive(operationId, meddling(world.ports));
    const { written } = await load.stop();

    expect(operation.status).toBe('compensated');
    expect(operation.error).toMatch(/not the same as the original: gym \(1 rows, 0 copied\)/);
    expect(await tenantOf(world, tenantId)).toEqual(before);
    expect(new Set(await references(world, tenantId))).toEqual(new Set(written));
    expect(await world.ports.store.findSecondDatabases(tenantId)).toEqual([]);
    expect(await copyTraces([world.shared, await adminOf(world, before)], tenantId)).toEqual([]);
    expect((await traces(world, tenantId)).sort()).toEqual([...namesOf(before), secretOf(tenantId)].sort());
    const { rows } = await world.pool.query('SELECT type FROM outbox ORDER BY created_at');
    expect(rows.map(({ type }) => type)).toEqual(['TenantProvisioned', 'TenantPlanChangeFailed']);
  });
});

it.each<[string, (copies: Ports['copies']) => Partial<Ports['copies']>, RegExp]>([
  ['does not catch up', () => ({ catchUp: async () => false }), /did not catch up within 15 seconds/],
  [
    'takes too long to compare',
    (copies) => ({ compare: (ends) => copies.compare(ends, 0.001) }),
    /takes longer than 0.001 seconds/,
  ],
  [
    'cannot be reached',
    () => ({ compare: async () => Promise.reject(new Error('connect ECONNREFUSED db.internal')) }),
    /^The step compare failed for a technical reason/,
  ],
])('goes back to the original when the copy %s', async (_, faults, reason) => {
  const world = await createWorld();
  const { copies } = world.ports;
  const tenantId = await provisioned(world);
  await fill(world, tenantId, 5_000);
  const before = await tenantOf(world, tenantId);
  const ports = { ...world.ports, copies: { ...copies, ...faults(copies) } };
  const operation = await drive(await askPlan(ports, tenantId, 'basic'), ports);
  expect([operation.status, operation.error]).toEqual(['compensated', expect.stringMatching(reason)]);
  expect(await tenantOf(world, tenantId)).toEqual(before);
  expect((await traces(world, tenantId)).sort()).toEqual([...namesOf(before), secretOf(tenantId)].sort());
  const { rows } = await withConnection(await adminOf(world, before), (client) =>
    client.query('SELECT rolcanlogin FROM pg_roles WHERE rolname = $1', [before.reservation?.roleName]),
  );
  expect(rows).toEqual([{ rolcanlogin: true }]);
});

describe('the database a tenant has left', () => {
  it('is closed and kept until the change is confirmed', async () => {
    const world = await createWorld();
    const tenantId = await provisioned(world);
    await drive(await askPlan(world.ports, tenantId, 'basic'), world.ports);
    await drive(await askPlan(world.ports, tenantId, 'free'), world.ports);
    const [first, second] = await world.ports.store.findSecondDatabases(tenantId);
    if (!first || !second) throw new Error('not kept');
    expect([first, second]).toMatchObject([
      { state: 'previous', reservation: { placement: 'shared', plan: 'free' } },
      { state: 'previous', reservation: { placement: 'dedicated', plan: 'basic' } },
    ]);
    for (const former of [first, second]) {
      const { rows } = await withConnection(await adminOf(world, former), (client) =>
        client.query('SELECT rolcanlogin FROM pg_roles WHERE rolname = $1', [former.reservation.roleName]),
      );
      expect(rows).toEqual([{ rolcanlogin: false }]);
    }
    const admins = [world.shared, await adminOf(world, second)];
    expect(await copyTraces(admins, tenantId)).toEqual([]);
    const all = [await tenantOf(world, tenantId), first, second].flatMap(namesOf);
    expect((await traces(world, tenantId)).sort()).toEqual([...all, secretOf(tenantId)].sort());

    const operation = await drive(await askConfirm(world.ports, tenantId), world.ports);
    expect(operation.status).toBe('succeeded');
    expect(await world.ports.store.findSecondDatabases(tenantId)).toEqual([]);
    const tenant = await tenantOf(world, tenantId);
    expect(tenant.status).toBe('active');
    expect((await traces(world, tenantId)).sort()).toEqual([...namesOf(tenant), secretOf(tenantId)].sort());
  });

  it('goes when its time has come, and not before', async () => {
    const world = await createWorld();
    const { store, lifecycle } = world.ports;
    const tenantId = await provisioned(world);
    await drive(await askPlan(world.ports, tenantId, 'basic'), world.ports);
    const [former] = await store.findSecondDatabases(tenantId);
    const keepUntil = former?.keepUntil?.getTime() ?? 0;
    expect(Math.abs(keepUntil - Date.now() - lifecycle.keepPreviousSeconds * 1000)).toBeLessThan(60_000);

    expect(await requestScheduled(store, lifecycle, new Date(keepUntil - 1_000))).toEqual([]);
    const [operationId] = await requestScheduled(store, lifecycle, new Date(keepUntil + 1_000));
    expect(await requestScheduled(store, lifecycle, new Date(keepUntil + 1_000))).toEqual([]);
    expect((await drive(operationId ?? '', world.ports)).status).toBe('succeeded');
    expect(await store.findSecondDatabases(tenantId)).toEqual([]);
  });
});

it('where the place stays, gives the role what the new plan buys, without a pause', async () => {
  const world = await createWorld();
  const tenantId = await provisioned(world, 'basic');
  const before = await tenantOf(world, tenantId);
  const operation = await drive(await askPlan(world.ports, tenantId, 'premium'), world.ports);
  expect(operation.status).toBe('succeeded');
  expect(operation.steps.map(({ name }) => name)).toEqual([
    'resize',
    'limit-connections',
    'record-plan',
    'announce',
  ]);
  const after = await tenantOf(world, tenantId);
  expect(after).toMatchObject({ plan: 'premium', status: 'active', endpoint: before.endpoint });
  const { rows } = await withConnection(await adminOf(world, after), (client) =>
    client.query('SELECT rolconnlimit FROM pg_roles WHERE rolname = $1', [after.reservation?.roleName]),
  );
  expect(rows).toEqual([{ rolconnlimit: 200 }]);
  const { rows: events } = await world.pool.query(
    "SELECT payload->>'plan' AS plan, payload->>'previousPlan' AS previous FROM outbox WHERE type = 'TenantPlanChanged'",
  );
  expect(events).toEqual([{ plan: 'premium', previous: 'basic' }]);
});

describe('asking for a plan', () => {
  it('that the tenant has is refused, unless it was the last thing asked for', async () => {
    const world = await createWorld();
    const { store } = world.ports;
    const tenantId = await provisioned(world, 'basic');
    const asking = (plan: 'basic' | 'premium') =>
      requestChangePlan(tenantId, { plan, time: 'now' }, operator, store, policy);
    expect(await asking('basic')).toEqual({ outcome: 'plan-unchanged' });
    const first = await askPlan(world.ports, tenantId, 'premium');
    expect(await askPlan(world.ports, tenantId, 'premium')).toBe(first);
    expect((await tenantOf(world, tenantId)).status).toBe('changing-plan');
    expect(await requestOperation('suspend', tenantId, {}, operator, store)).toEqual({
      outcome: 'running',
      operationId: first,
      kind: 'change-plan',
    });
    await drive(first, world.ports);
    expect(await askPlan(world.ports, tenantId, 'premium')).toBe(first);
    expect(await asking('basic')).toMatchObject({ outcome: 'accepted', created: true });
  });

  it('for a tenant that is not there, or not active, is refused', async () => {
    const world = await createWorld();
    const { store } = world.ports;
    const change = { plan: 'premium', time: 'now' } as const;
    expect(await requestChangePlan('nobody', change, operator, store, policy)).toEqual({
      outcome: 'unknown',
    });
    const tenantId = newTenantId();
    const operationId = await request(world.ports, tenantId, 'free');
    expect(await requestChangePlan(tenantId, change, operator, store, policy)).toEqual({
      outcome: 'running',
      operationId,
      kind: 'provision',
    });
  });
});
