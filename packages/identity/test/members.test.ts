import type { AccessClaims, TenantRole } from '@kyong/contracts';
import { expect, test } from 'vitest';
import { grantRole, revokeRole } from '../src/index.ts';
import { addMember, createHarness, createTenant } from './harness.ts';

const tenantId = 'iron-temple';
const forbidden = { outcome: 'refused', reason: 'forbidden' };
const lastOwner = { outcome: 'refused', reason: 'last_owner' };

/** A gym with one person in each of the roles, named by it. */
async function createGym<R extends TenantRole>(...roles: R[]) {
  const { pool, identity, signIn } = await createHarness();
  await createTenant(pool, tenantId);
  const ids = {} as Record<R, string>;
  for (const role of roles) {
    const { user } = await signIn(`${role}@example.com`);
    await addMember(pool, tenantId, user.id, role);
    ids[role] = user.id;
  }
  const as = (role: R): AccessClaims => ({
    sub: ids[role],
    tenant: tenantId,
    roles: [role],
    scope: 'session',
  });
  const sourceIp = '203.0.113.7';
  const grant = (actor: AccessClaims, email: string, role: TenantRole) =>
    grantRole(identity, { actor, sourceIp, tenantId, to: { channel: 'email', value: email }, role });
  const revoke = (actor: AccessClaims, userId: string) =>
    revokeRole(identity, { actor, sourceIp, tenantId, userId });
  return { pool, signIn, ids, as, grant, revoke };
}

test('whoever is let in by address finds the tenant when they first sign in', async () => {
  const { signIn, as, grant } = await createGym('gym_owner');
  const result = await grant(as('gym_owner'), 'new@example.com', 'trainer');
  const { user } = await signIn('new@example.com', tenantId);
  expect(result).toEqual({ outcome: 'changed', userId: user.id });
  expect(user).toMatchObject({ roles: ['trainer'], tenants: [{ tenantId, role: 'trainer' }] });
});

test('who was let in, taken out or kept out, by whom and from where, is written down', async () => {
  const { pool, ids, as, grant, revoke } = await createGym('gym_owner', 'member');
  const granted = await grant(as('gym_owner'), 'new@example.com', 'trainer');
  await grant(as('member'), 'new@example.com', 'gym_owner');
  await revoke(as('gym_owner'), ids.member);
  await revoke(as('gym_owner'), ids.gym_owner);
  const { rows } = await pool.query(
    'SELECT actor, host(source_ip) AS ip, action, tenant_id, refused, detail FROM audit ORDER BY id',
  );
  const userId = 'userId' in granted ? granted.userId : '';
  const entry = { actor: ids.gym_owner, ip: '203.0.113.7', tenant_id: tenantId, refused: null };
  expect(rows).toEqual([
    { ...entry, action: 'member.grant', detail: { userId, role: 'trainer' } },
    { ...entry, actor: ids.member, action: 'member.grant', refused: 'forbidden', detail: { userId } },
    { ...entry, action: 'member.revoke', detail: { userId: ids.member } },
    { ...entry, action: 'member.revoke', refused: 'last_owner', detail: { userId: ids.gym_owner } },
  ]);
});

test('a manager lets people in, but makes, changes and removes no owner', async () => {
  const { ids, as, grant, revoke } = await createGym('gym_owner', 'gym_manager', 'member');
  const manager = as('gym_manager');
  expect(await grant(manager, 'new@example.com', 'gym_staff')).toMatchObject({ outcome: 'changed' });
  expect(await grant(manager, 'new@example.com', 'gym_owner')).toEqual(forbidden);
  expect(await grant(manager, 'gym_owner@example.com', 'member')).toEqual(forbidden);
  expect(await revoke(manager, ids.gym_owner)).toEqual(forbidden);
  expect(await revoke(manager, ids.member)).toEqual({ outcome: 'changed', userId: ids.member });
});

test.each(['gym_staff', 'trainer', 'member', 'guest'] as const)('a %s changes nobody', async (role) => {
  const { pool, ids, as, grant, revoke } = await createGym('gym_owner', role);
  expect(await grant(as(role), 'new@example.com', 'guest')).toEqual(forbidden);
  expect(await revoke(as(role), ids.gym_owner)).toEqual(forbidden);
  // Being refused leaves no trace of the address.
  expect((await pool.query('SELECT FROM user_addresses')).rowCount).toBe(2);
});

test('a token of another tenant, or of a role lost since, counts for nothing', async () => {
  const { pool, as, grant } = await createGym('gym_owner');
  const owner = as('gym_owner');
  expect(await grant({ ...owner, tenant: 'other-gym' }, 'new@example.com', 'guest')).toEqual(forbidden);
  expect(await grant({ ...owner, sub: 'operator', tenant: undefined }, 'a@example.com', 'guest')).toEqual(
    forbidden,
  );
  await pool.query("UPDATE memberships SET role = 'member'");
  expect(await grant(owner, 'new@example.com', 'guest')).toEqual(forbidden);
});

test('the last owner stays', async () => {
  const { ids, as, grant, revoke } = await createGym('gym_owner');
  const owner = as('gym_owner');
  expect(await revoke(owner, ids.gym_owner)).toEqual(lastOwner);
  expect(await grant(owner, 'gym_owner@example.com', 'member')).toEqual(lastOwner);
  expect(await revoke(owner, '00000000-0000-4000-8000-000000000000')).toEqual({
    outcome: 'refused',
    reason: 'not_found',
  });
});

test('of two owners who remove each other at once one stays', async () => {
  const { pool, signIn, ids, as, revoke } = await createGym('gym_owner');
  const { user } = await signIn('second@example.com');
  await addMember(pool, tenantId, user.id, 'gym_owner');
  const first = as('gym_owner');
  await Promise.all([revoke(first, user.id), revoke({ ...first, sub: user.id }, ids.gym_owner)]);
  expect((await pool.query("SELECT FROM memberships WHERE role = 'gym_owner'")).rowCount).toBe(1);
});
