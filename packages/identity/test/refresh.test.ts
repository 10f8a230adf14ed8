import type { AccessClaims, TokenPair } from '@kyong/contracts';
import { decodeJwt } from 'jose';
import { expect, test, vi } from 'vitest';
import {
  endOtherSessions,
  endSession,
  listSessions,
  logout,
  type RefreshResult,
  refresh,
  signIn as signInBy,
} from '../src/index.ts';
import { addMember, claimsOf, createHarness, createTenant } from './harness.ts';

function tokensOf(result: RefreshResult): TokenPair {
  if (result.outcome !== 'refreshed') throw new Error(result.outcome);
  return result.tokens;
}

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

test('a spent token gets the same successor for ten seconds, and then ends the whole session', async () => {
  const { clock, identity, signIn } = await createHarness();
  const { refreshToken: first } = await signIn('ann@example.com');
  const other = await signIn('ann@example.com');
  const { refreshToken: second } = tokensOf(await refresh(identity, { refreshToken: first }));
  clock.advance(9.9);
  expect(tokensOf(await refresh(identity, { refreshToken: first })).refreshToken).toBe(second);
  clock.advance(0.1);
  expect(await refresh(identity, { refreshToken: first })).toEqual({
    outcome: 'reused',
    userId: other.user.id,
  });
  expect(await refresh(identity, { refreshToken: second })).toEqual({ outcome: 'invalid' });
  // Another session of the same person goes on.
  expect(await refresh(identity, other)).toMatchObject({ outcome: 'refreshed' });
});

test('the token before the spent one is a copy, however soon it comes', async () => {
  const { identity, signIn } = await createHarness();
  const { refreshToken: first } = await signIn('ann@example.com');
  const { refreshToken: second } = tokensOf(await refresh(identity, { refreshToken: first }));
  const { refreshToken: third } = tokensOf(await refresh(identity, { refreshToken: second }));
  expect(await refresh(identity, { refreshToken: first })).toMatchObject({ outcome: 'reused' });
  expect(await refresh(identity, { refreshToken: third })).toEqual({ outcome: 'invalid' });
});

test('twenty refreshes at once with one token get one and the same next token', async () => {
  const { identity, signIn } = await createHarness();
  const { refreshToken } = await signIn('ann@example.com');
  const results = await Promise.all(Array.from({ length: 20 }, () => refresh(identity, { refreshToken })));
  const next = new Set(results.map((result) => tokensOf(result).refreshToken));
  expect(next.size).toBe(1);
  for (const token of next)
    expect(await refresh(identity, { refreshToken: token })).toMatchObject({ outcome: 'refreshed' });
});

test('an invented secret ends no session, neither by a refresh nor by a logout', async () => {
  const { identity, signIn } = await createHarness();
  const { refreshToken } = await signIn('ann@example.com');
  const id = Buffer.from(refreshToken, 'base64url').subarray(0, 16);
  const invented = Buffer.concat([id, Buffer.alloc(32, 7)]).toString('base64url');
  expect(await refresh(identity, { refreshToken: invented })).toEqual({ outcome: 'invalid' });
  expect(await logout(identity, invented)).toBeUndefined();
  expect(await refresh(identity, { refreshToken })).toMatchObject({ outcome: 'refreshed' });
});

test('a refresh is one round trip to the database', async () => {
  const { pool, identity, signIn } = await createHarness();
  const { refreshToken } = await signIn('ann@example.com');
  const query = vi.spyOn(pool, 'query');
  const connect = vi.spyOn(pool, 'connect');
  await refresh(identity, { refreshToken });
  expect(query).toHaveBeenCalledOnce();
  // The pool's own, for that one.
  expect(connect).toHaveBeenCalledOnce();
});

test('a session ends thirty days after its sign-in, however often it was refreshed', async () => {
  const { clock, identity, signIn } = await createHarness();
  let { refreshToken } = await signIn('ann@example.com');
  for (let weeks = 0; weeks < 4; weeks++) {
    clock.advance(7 * 86_400);
    ({ refreshToken } = tokensOf(await refresh(identity, { refreshToken })));
  }
  clock.advance(2 * 86_400);
  expect(await refresh(identity, { refreshToken })).toEqual({ outcome: 'invalid' });
});

test('a session ends when it has not been used for two weeks', async () => {
  const { clock, identity, signIn } = await createHarness();
  const { refreshToken } = await signIn('ann@example.com');
  clock.advance(14 * 86_400);
  expect(await refresh(identity, { refreshToken })).toEqual({ outcome: 'invalid' });
});

test('logging out ends the session, by a spent token too; doing so twice, or with nonsense, is no error', async () => {
  const { identity, signIn } = await createHarness();
  const { refreshToken, user } = await signIn('ann@example.com');
  const next = tokensOf(await refresh(identity, { refreshToken })).refreshToken;
  expect(await logout(identity, refreshToken)).toBe(user.id);
  for (const token of [refreshToken, 'nonsense']) expect(await logout(identity, token)).toBeUndefined();
  expect(await refresh(identity, { refreshToken: next })).toEqual({ outcome: 'invalid' });
});

test('a person sees their sessions and ends one, or all but the one they use', async () => {
  const { clock, identity, signIn } = await createHarness();
  const sessions = [];
  for (let n = 0; n < 4; n++) {
    sessions.push(await signIn('ann@example.com', n === 0 ? 'iron-temple' : undefined));
    clock.advance(60);
  }
  await signIn('bob@example.com');
  const claims = sessions.map(({ accessToken }) => decodeJwt(accessToken) as unknown as AccessClaims);
  const [bound, , third, last] = claims as [AccessClaims, AccessClaims, AccessClaims, AccessClaims];
  const seen = async (caller: AccessClaims) =>
    (await listSessions(identity, caller, { limit: 10 })).map(({ id }) => id);
  expect(await seen(last)).toEqual(claims.map(({ sid }) => sid).reverse());
  expect(await seen(bound)).toEqual([bound.sid]);
  expect(await endSession(identity, bound, third.sid as string)).toBe(false);
  expect(await endSession(identity, last, third.sid as string)).toBe(true);
  expect(await endSession(identity, last, third.sid as string)).toBe(false);
  expect(await endOtherSessions(identity, last)).toBe(2);
  expect(await seen(last)).toEqual([last.sid]);
  const operator = { sub: 'arn:aws:sts::123456789012:assumed-role/Operator/ann', roles: [], scope: '' };
  expect(await seen(operator)).toEqual([]);
  expect(await endOtherSessions(identity, operator)).toBe(0);
});

test('a refresh may enter a tenant, stays in it, and is refused where there is no role', async () => {
  const { pool, identity, signIn } = await createHarness();
  await createTenant(pool, 'iron-temple');
  await createTenant(pool, 'other-gym');
  let { refreshToken, user } = await signIn('ann@example.com');
  await addMember(pool, 'iron-temple', user.id, 'gym_manager');

  expect(await refresh(identity, { refreshToken, tenantId: 'other-gym' })).toMatchObject({
    outcome: 'no_role',
  });
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

test('a session whose code came in the words of a tenant opens that tenant alone', async () => {
  const { pool, identity, signIn } = await createHarness();
  const { user } = await signIn('ann@example.com');
  await pool.query('UPDATE users SET platform_admin = true');
  for (const gym of ['gym-evil', 'gym-good']) {
    await createTenant(pool, gym);
    await addMember(pool, gym, user.id, 'gym_owner');
  }
  let bound = await signIn('ann@example.com', 'gym-evil');
  for (let n = 0; n < 2; n++) {
    expect(claimsOf(bound.accessToken)).toMatchObject({
      ...{ tenant: 'gym-evil', roles: ['gym_owner'], scope: 'session' },
    });
    expect(bound.user.tenants).toEqual([{ tenantId: 'gym-evil', role: 'gym_owner' }]);
    expect(await refresh(identity, { ...bound, tenantId: 'gym-good' })).toMatchObject({ outcome: 'no_role' });
    bound = tokensOf(await refresh(identity, { refreshToken: bound.refreshToken, tenantId: 'gym-evil' }));
  }
  // Nor does it open another when the person has no role in its own, or there is no such tenant.
  const elsewhere = await signIn('ann@example.com', 'no-such-gym');
  expect(claimsOf(elsewhere.accessToken)).toMatchObject({ tenant: undefined, roles: [], scope: 'session' });
  expect(await refresh(identity, { ...elsewhere, tenantId: 'gym-good' })).toMatchObject({
    outcome: 'no_role',
  });
  const free = await signIn('ann@example.com');
  const entered = tokensOf(await refresh(identity, { ...free, tenantId: 'gym-good' }));
  expect(claimsOf(entered.accessToken)).toMatchObject({
    ...{ tenant: 'gym-good', roles: ['platform_admin', 'gym_owner'] },
  });
});

test('a signup is over after an hour, and is none where the code came in the words of a tenant', async () => {
  const { clock, identity } = await createHarness();
  const address = { channel: 'sms', value: '+886912345678' } as const;
  const signup = await signInBy(identity, { address, purpose: 'signup' });
  clock.advance(45 * 60);
  const early = tokensOf(await refresh(identity, signup));
  expect(claimsOf(early.accessToken).scope).toBe('signup');
  clock.advance(1);
  expect(claimsOf(tokensOf(await refresh(identity, early)).accessToken).scope).toBe('session');
  const bound = await signInBy(identity, { address, purpose: 'signup', tenantId: 'iron-temple' });
  expect(claimsOf(bound.accessToken).scope).toBe('session');
});

test('a token says which ends of access its signer knew', async () => {
  const { pool, identity, signIn } = await createHarness();
  await createTenant(pool, 'iron-temple');
  const { user } = await signIn('ann@example.com');
  await addMember(pool, 'iron-temple', user.id, 'trainer');
  const seenBy = ({ accessToken }: TokenPair) => decodeJwt(accessToken).ends_seen;
  const session = await signIn('ann@example.com', 'iron-temple');
  expect(seenBy(session)).toBe(0);
  await pool.query("UPDATE memberships SET role = 'gym_staff'");
  await pool.query("UPDATE memberships SET role = 'gym_staff'");
  const { rows } = await pool.query('SELECT id::int, user_id, tenant_id, session_id FROM ended_access');
  expect(rows).toEqual([{ id: 1, user_id: user.id, tenant_id: 'iron-temple', session_id: null }]);
  expect(seenBy(tokensOf(await refresh(identity, session)))).toBe(1);
  expect(seenBy(await signIn('ann@example.com', 'iron-temple'))).toBe(1);
});
