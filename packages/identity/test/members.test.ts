import type { AccessClaims, TenantRole } from '@kyong/contracts';
import { expect, test } from 'vitest';
import { grantRole, leaveTenant, refresh, revokeRole } from '../src/index.ts';
import { addMember, createHarness, createTenant } from './harness.ts';

const tenantId = 'iron-temple';
const forbidden = { outcome: 'refused', reason: 'forbidden' };
const stale = { outcome: 'refused', reason: 'insufficient_user_authentication' };
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
  const grant = (actor: AccessClaims, email: string, role: TenantRole, isRecent = true) => {
    const to = { channel: 'email', value: email } as const;
    return grantRole(identity, { actor, sourceIp, tenantId, isRecent, to, role });
  };
  const revoke = (actor: AccessClaims, userId: string, isRecent = true) =>
    revokeRole(identity, { actor, sourceIp, tenantId, isRecent, userId });
  const leave = (actor: AccessClaims, isRecent = true) =>
    leaveTenant(identity, { actor, sourceIp, tenantId, isRecent });
  return { pool, identity, signIn, ids, as, grant, revoke, leave };
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

test('who owns or manages a tenant is changed only after a recent sign-in, whatever the new role', async () => {
  const { as, grant, revoke, ids, pool } = await createGym('gym_owner', 'gym_manager', 'member');
  const owner = as('gym_owner');
  expect(await grant(owner, 'second@example.com', 'gym_owner', false)).toEqual(stale);
  expect(await grant(owner, 'second@example.com', 'gym_owner')).toMatchObject({ outcome: 'changed' });
  for (const role of ['guest', 'gym_manager'] as const)
    expect(await grant(owner, 'second@example.com', role, false)).toEqual(stale);
  expect(await grant(owner, 'gym_manager@example.com', 'guest', false)).toEqual(stale);
  expect(await revoke(owner, ids.member, false)).toEqual(stale);
  expect(await grant(owner, 'member@example.com', 'trainer', false)).toMatchObject({ outcome: 'changed' });
  const { rows } = await pool.query(
    "SELECT count(*)::int FROM audit WHERE refused = 'insufficient_user_authentication'",
  );
  expect(rows).toEqual([{ count: 5 }]);
});

test('somebody new is invited until they enter the tenant, and may decline', async () => {
  const { pool, identity, signIn, as, grant, leave } = await createGym('gym_owner');
  await grant(as('gym_owner'), 'new@example.com', 'trainer');
  const elsewhere = await signIn('new@example.com');
  expect(elsewhere.user.tenants).toEqual([{ tenantId, role: 'trainer', invited: true }]);
  const entered = await refresh(identity, { refreshToken: elsewhere.refreshToken, tenantId });
  expect(entered).toMatchObject({ tokens: { user: { tenants: [{ tenantId, role: 'trainer' }] } } });
  expect((await signIn('new@example.com')).user.tenants).toEqual([{ tenantId, role: 'trainer' }]);

  await grant(as('gym_owner'), 'other@example.com', 'trainer');
  const { user } = await signIn('other@example.com');
  const other = { sub: user.id, roles: [], scope: 'session' };
  expect(await leave({ ...other, bound: 'other-gym' })).toEqual({ outcome: 'refused', reason: 'not_found' });
  expect(await leave(other)).toMatchObject({ outcome: 'changed' });
  expect(await leave(other)).toEqual({ outcome: 'refused', reason: 'not_found' });
  expect((await signIn('other@example.com')).user.tenants).toEqual([]);
  expect(await leave(as('gym_owner'))).toEqual(lastOwner);
  const { rows } = await pool.query(
    "SELECT count(*)::int FROM audit WHERE action = 'member.leave' AND refused IS NULL",
  );
  expect(rows).toEqual([{ count: 1 }]);
});

test('an owner who was invited and has not come counts for none', async () => {
  const { as, ids, grant, revoke, signIn } = await createGym('gym_owner');
  const invited = await grant(as('gym_owner'), 'second@example.com', 'gym_owner');
  const second = 'userId' in invited ? invited.userId : '';
  expect(await revoke(as('gym_owner'), ids.gym_owner)).toEqual(lastOwner);
  expect(await revoke(as('gym_owner'), second)).toMatchObject({ outcome: 'changed' });
  await grant(as('gym_owner'), 'second@example.com', 'gym_owner');
  await signIn('second@example.com', tenantId);
  expect(await revoke(as('gym_owner'), ids.gym_owner)).toMatchObject({ outcome: 'changed' });
});

test('an attempt at another tenant is written down there, if there is one, and not without bound', async () => {
  const { pool, ids, as, grant } = await createGym('gym_owner');
  const stranger = { ...as('gym_owner'), tenant: 'other-gym' };
  await grant(stranger, 'new@example.com', 'gym_owner');
  const written = 'SELECT actor, tenant_id, action, refused FROM audit';
  const entry = { actor: ids.gym_owner, tenant_id: tenantId, action: 'member.grant', refused: 'forbidden' };
  expect((await pool.query(written)).rows).toEqual([entry]);

  for (let n = 0; n < 70; n++) await grant(stranger, 'new@example.com', 'guest');
  expect((await pool.query(written)).rowCount).toBe(60);
});

test('an owner or a manager leaves only after a recent sign-in, others as they like', async () => {
  const { as, leave } = await createGym('gym_owner', 'gym_manager', 'member');
  expect(await leave(as('gym_manager'), false)).toEqual(stale);
  expect(await leave(as('gym_manager'))).toMatchObject({ outcome: 'changed' });
  expect(await leave(as('member'), false)).toMatchObject({ outcome: 'changed' });
  expect(await leave(as('gym_owner'), false)).toEqual(stale);
});
