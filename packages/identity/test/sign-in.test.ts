import { expect, test } from 'vitest';
import { signIn } from '../src/index.ts';
import { addMember, claimsOf, createHarness, createTenant } from './harness.ts';

test('the first sign-in makes the person, the next finds them', async () => {
  const { pool, signIn } = await createHarness();
  const first = await signIn('ann@example.com');
  const second = await signIn('ann@example.com');
  expect(second.user).toEqual({ id: first.user.id, roles: [], tenants: [] });
  expect((await pool.query('SELECT FROM users')).rowCount).toBe(1);
  expect((await pool.query('SELECT FROM sessions')).rowCount).toBe(2);
});

test('twenty first sign-ins at once make one person', async () => {
  const { pool, signIn } = await createHarness();
  const pairs = await Promise.all(Array.from({ length: 20 }, () => signIn('ann@example.com')));
  expect(new Set(pairs.map((pair) => pair.user.id)).size).toBe(1);
  expect((await pool.query('SELECT FROM users')).rowCount).toBe(1);
});

test('a token is for the tenant that was named, if the person has a role there', async () => {
  const { pool, signIn } = await createHarness();
  await createTenant(pool, 'iron-temple');
  await createTenant(pool, 'other-gym');
  const { user } = await signIn('ann@example.com');
  await addMember(pool, 'iron-temple', user.id, 'trainer');
  const tenants = [{ tenantId: 'iron-temple', role: 'trainer' }];

  const named = await signIn('ann@example.com', 'iron-temple');
  expect(named.user).toEqual({ id: user.id, roles: ['trainer'], tenants });
  expect(claimsOf(named.accessToken)).toEqual({
    sub: user.id,
    tenant: 'iron-temple',
    roles: ['trainer'],
    scope: 'session',
  });
  const none = { sub: user.id, tenant: undefined, roles: [], scope: 'session' };
  expect(claimsOf((await signIn('ann@example.com')).accessToken)).toEqual(none);
  expect(claimsOf((await signIn('ann@example.com', 'other-gym')).accessToken)).toEqual(none);
  expect(claimsOf((await signIn('ann@example.com', 'no-such-gym')).accessToken)).toEqual(none);
});

test('the scope says what the code was asked for, and who is an operator', async () => {
  const { pool, identity } = await createHarness();
  const address = { channel: 'sms', value: '+886912345678' } as const;
  const signup = await signIn(identity, { address, purpose: 'signup' });
  expect(claimsOf(signup.accessToken)).toMatchObject({ scope: 'signup', roles: [] });
  await pool.query('UPDATE users SET platform_admin = true');
  const admin = await signIn(identity, { address, purpose: 'login' });
  expect(claimsOf(admin.accessToken)).toMatchObject({ scope: 'session operator', roles: ['platform_admin'] });
});

test('no refresh token lies in the database', async () => {
  const { pool, signIn } = await createHarness();
  const { refreshToken } = await signIn('ann@example.com');
  const secret = Buffer.from(refreshToken, 'base64url').subarray(16);
  const { rows } = await pool.query<{ token_hash: Buffer }>('SELECT token_hash FROM sessions');
  expect(rows[0]?.token_hash).toHaveLength(32);
  expect(rows[0]?.token_hash.equals(secret)).toBe(false);
});
