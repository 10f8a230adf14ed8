import { expect, it } from 'vitest';
import { type Caller, requestProvision, type TenancyPolicy } from '../src/index.ts';
import { createWorld, newTenantId, operator, policy, type World } from './support.ts';

const bounded: TenancyPolicy = { ...policy, maxSelfServiceServersPerDay: 5 };
let callers = 0;
const signup = (): Caller => ({ id: `user-${++callers}`, isOperator: false, sourceIp: null });

const order = ({ ports }: World, plan: 'free' | 'basic', caller = signup(), tenantId = newTenantId()) =>
  requestProvision({ tenantId, plan }, caller, ports.store, bounded);

it('signups order no more servers a day than the stage gives away, however many ask at one time', async () => {
  const world = await createWorld();
  const outcomes = await Promise.all(Array.from({ length: 20 }, () => order(world, 'basic')));
  const refused = outcomes.flatMap((result) => (result.outcome === 'servers-exhausted' ? [result] : []));
  expect(outcomes.filter(({ outcome }) => outcome === 'accepted')).toHaveLength(5);
  expect(refused).toHaveLength(15);
  for (const { retryAfterSeconds } of refused) {
    expect(retryAfterSeconds).toBeGreaterThan(86_000);
    expect(retryAfterSeconds).toBeLessThanOrEqual(86_400);
  }
  const { rows } = await world.pool.query('SELECT count(*)::int FROM tenants');
  expect(rows).toEqual([{ count: 5 }]);
});

it('what costs no server, what operators order, and the same request again are not counted', async () => {
  const world = await createWorld();
  const [caller, tenantId] = [signup(), newTenantId()];
  for (let again = 0; again < 6; again += 1)
    expect(await order(world, 'basic', caller, tenantId)).toMatchObject({ outcome: 'accepted' });
  for (let other = 0; other < 6; other += 1) {
    expect(await order(world, 'free')).toMatchObject({ outcome: 'accepted' });
    expect(await order(world, 'basic', operator)).toMatchObject({ outcome: 'accepted' });
  }
  for (let more = 0; more < 4; more += 1)
    expect(await order(world, 'basic')).toMatchObject({ outcome: 'accepted' });
  expect(await order(world, 'basic')).toMatchObject({ outcome: 'servers-exhausted' });
});

it('a server is free again a day after one was ordered', async () => {
  const world = await createWorld();
  for (let ordered = 0; ordered < 5; ordered += 1) await order(world, 'basic');
  await world.pool.query(
    `UPDATE self_service_servers SET created_at = now() - interval '23 hours 59 minutes'
      WHERE operation_id = (SELECT operation_id FROM self_service_servers ORDER BY created_at LIMIT 1)`,
  );
  const refused = await order(world, 'basic');
  expect(refused).toMatchObject({ outcome: 'servers-exhausted' });
  expect('retryAfterSeconds' in refused && refused.retryAfterSeconds).toBeLessThanOrEqual(60);
  await world.pool.query("UPDATE self_service_servers SET created_at = created_at - interval '1 hour'");
  expect(await order(world, 'basic')).toMatchObject({ outcome: 'accepted' });
});
