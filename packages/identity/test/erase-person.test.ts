import { expect, test } from 'vitest';
import { refresh } from '../src/index.ts';
import { addMember, createHarness, createTenant } from './harness.ts';

async function createPeople() {
  const harness = await createHarness();
  const { pool, clock, identity, signIn } = harness;
  await createTenant(pool, 'iron-temple');
  const ann = await signIn('ann@example.com');
  const bob = await signIn('bob@example.com');
  await addMember(pool, 'iron-temple', ann.user.id, 'gym_owner');
  const erase = (value: string) =>
    identity.store.erasePerson({
      address: { channel: 'email', value },
      ...{ addressHash: 'keyed', actorId: 'operator', sourceIp: '203.0.113.7', now: clock.now() },
    });
  return { ...harness, ann, bob, erase };
}

test('a person is erased with everything that names them, and the proof is in the audit', async () => {
  const { pool, identity, ann, bob, erase } = await createPeople();
  await addMember(pool, 'iron-temple', bob.user.id, 'trainer');
  const rows = { users: 1, user_addresses: 1, sessions: 1, memberships: 1 };
  expect(await erase('bob@example.com')).toEqual({ rows });
  expect(await refresh(identity, bob)).toEqual({ outcome: 'invalid' });
  expect(await refresh(identity, ann)).toMatchObject({ outcome: 'refreshed' });
  const { rows: audit } = await pool.query('SELECT actor, action, tenant_id, detail FROM audit');
  expect(audit).toEqual([
    {
      actor: 'operator',
      action: 'person.erase',
      tenant_id: 'platform',
      detail: { addressHash: 'keyed', rows },
    },
  ]);
  expect(JSON.stringify((await pool.query('SELECT * FROM audit')).rows)).not.toContain('bob@');
  // Their access tokens are told of: of the session, and of the gym.
  const ended = await pool.query('SELECT user_id, tenant_id FROM ended_access ORDER BY id');
  expect(ended.rows).toEqual([
    { user_id: bob.user.id, tenant_id: null },
    { user_id: bob.user.id, tenant_id: 'iron-temple' },
  ]);
  expect(await erase('bob@example.com')).toEqual({ rows: {} });
});

test('the last owner of a gym is not erased, and loses nothing', async () => {
  const { pool, identity, ann, bob, erase } = await createPeople();
  expect(await erase('ann@example.com')).toEqual({ refused: 'last_owner' });
  expect(await refresh(identity, ann)).toMatchObject({ outcome: 'refreshed' });
  await addMember(pool, 'iron-temple', bob.user.id, 'gym_owner');
  expect(await erase('ann@example.com')).toMatchObject({ rows: { users: 1 } });
});
