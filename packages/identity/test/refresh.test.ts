import { decodeJwt } from 'jose';
import { expect, test } from 'vitest';
import { logout, refresh } from '../src/index.ts';
import { addMember, claimsOf, createHarness, createTenant } from './harness.ts';

test('a refresh token is good once, and the next one after it', async () => {
  const { identity, signIn } = await createHarness();
  let { refreshToken } = await signIn('ann@example.com');
  for (let n = 0; n < 3; n++) {
    const result = await refresh(identity, { refreshToken });
    if (result.outcome !== 'refreshed') throw new Error(result.outcome);
    expect(result.tokens.refreshToken).not.toBe(refreshToken);
    ({ refreshToken } = result.tokens);
  }
});

test('a token that comes again ends the whole session', async () => {
  const { identity, signIn } = await createHarness();
  const { refreshToken: first } = await signIn('ann@example.com');
  const other = await signIn('ann@example.com');
  const result = await refresh(identity, { refreshToken: first });
  if (result.outcome !== 'refreshed') throw new Error(result.outcome);
  expect(await refresh(identity, { refreshToken: first })).toEqual({ outcome: 'invalid' });
  const { refreshToken: second } = result.tokens;
  expect(await refresh(identity, { refreshToken: second })).toEqual({ outcome: 'invalid' });
  // Another session of the same person goes on.
  expect(await refresh(identity, other)).toMatchObject({ outcome: 'refreshed' });
});

test('of twenty refreshes at once with one token exactly one succeeds', async () => {
  const { identity, signIn } = await createHarness();
  const { refreshToken } = await signIn('ann@example.com');
  const results = await Promise.all(Array.from({ length: 20 }, () => refresh(identity, { refreshToken })));
  expect(results.filter((result) => result.outcome === 'refreshed')).toHaveLength(1);
});

test('a session ends thirty days after its sign-in, however often it was refreshed', async () => {
  const { clock, identity, signIn } = await createHarness();
  let { refreshToken } = await signIn('ann@example.com');
  clock.advance(29 * 86_400);
  const result = await refresh(identity, { refreshToken });
  if (result.outcome !== 'refreshed') throw new Error(result.outcome);
  ({ refreshToken } = result.tokens);
  clock.advance(86_400);
  expect(await refresh(identity, { refreshToken })).toEqual({ outcome: 'invalid' });
});

test('logging out ends the session; doing so twice, or with nonsense, is no error', async () => {
  const { identity, signIn } = await createHarness();
  const { refreshToken } = await signIn('ann@example.com');
  for (const token of [refreshToken, refreshToken, 'nonsense']) await logout(identity, token);
  expect(await refresh(identity, { refreshToken })).toEqual({ outcome: 'invalid' });
});

test('a refresh may enter a tenant, stays in it, and is refused where there is no role', async () => {
  const { pool, identity, signIn } = await createHarness();
  await createTenant(pool, 'iron-temple');
  await createTenant(pool, 'other-gym');
  let { refreshToken, user } = await signIn('ann@example.com');
  await addMember(pool, 'iron-temple', user.id, 'gym_manager');

  expect(await refresh(identity, { refreshToken, tenantId: 'other-gym' })).toEqual({ outcome: 'no_role' });
  // The refusal did not spend the token.
  for (const tenantId of ['iron-temple', undefined]) {
    const result = await refresh(identity, { refreshToken, tenantId });
    if (result.outcome !== 'refreshed') throw new Error(result.outcome);
    expect(claimsOf(result.tokens.accessToken)).toMatchObject({
      tenant: 'iron-temple',
      roles: ['gym_manager'],
    });
    ({ refreshToken } = result.tokens);
  }
  await pool.query('DELETE FROM memberships');
  const result = await refresh(identity, { refreshToken });
  if (result.outcome !== 'refreshed') throw new Error(result.outcome);
  expect(claimsOf(result.tokens.accessToken)).toMatchObject({ tenant: undefined, roles: [] });
});

test('a refresh keeps the time of the sign-in, a new sign-in has a new one', async () => {
  const { clock, identity, signIn } = await createHarness();
  const signedInAt = clock.now().getTime() / 1000;
  const first = await signIn('ann@example.com');
  clock.advance(3600);
  const result = await refresh(identity, first);
  if (result.outcome !== 'refreshed') throw new Error(result.outcome);
  expect(decodeJwt(result.tokens.accessToken).auth_time).toBe(signedInAt);
  expect(decodeJwt((await signIn('ann@example.com')).accessToken).auth_time).toBe(signedInAt + 3600);
});

test('a suspended tenant gives no token, and gives one again when it is resumed', async () => {
  const { pool, identity, signIn } = await createHarness();
  await createTenant(pool, 'iron-temple');
  const person = await signIn('ann@example.com');
  await addMember(pool, 'iron-temple', person.user.id, 'gym_owner');
  let { refreshToken } = person;
  for (const [status, expected] of [
    ['active', 'iron-temple'],
    ['suspended', undefined],
    ['active', 'iron-temple'],
  ]) {
    await pool.query("UPDATE tenants SET status = $1 WHERE id = 'iron-temple'", [status]);
    const named = await refresh(identity, { refreshToken, tenantId: 'iron-temple' });
    expect(named.outcome).toBe(expected ? 'refreshed' : 'no_role');
    const result = named.outcome === 'refreshed' ? named : await refresh(identity, { refreshToken });
    if (result.outcome !== 'refreshed') throw new Error(result.outcome);
    expect(claimsOf(result.tokens.accessToken).tenant).toBe(expected);
    ({ refreshToken } = result.tokens);
  }
});
