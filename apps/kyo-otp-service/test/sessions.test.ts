import type { PersonErasure, SessionPage, TokenPair, User } from '@kyong/contracts';
import { expect, test } from 'vitest';
import { createService, post, problemOf } from './harness.ts';

const refreshUrl = '/api/auth/refresh';

test('refresh, reuse, logout over HTTP', async () => {
  const { app, clock, signIn } = await createService();
  const { refreshToken } = await signIn('ann@example.com');
  const refreshed = await post(app, refreshUrl, { refreshToken });
  expect(refreshed.statusCode).toBe(200);
  expect(refreshed.headers['cache-control']).toBe('no-store');
  const next = refreshed.json<TokenPair>().refreshToken;
  clock.advance(10);
  for (const spent of [refreshToken, next])
    expect(problemOf(await post(app, refreshUrl, { refreshToken: spent }))).toEqual([
      401,
      'refresh_token_invalid',
    ]);

  const other = await signIn('ann@example.com');
  expect(
    problemOf(await post(app, refreshUrl, { refreshToken: other.refreshToken, tenantId: 'other-gym' })),
  ).toEqual([403, 'forbidden']);
  const out = await post(app, '/api/auth/logout', { refreshToken: other.refreshToken });
  expect([out.statusCode, out.body]).toEqual([204, '']);
  expect(problemOf(await post(app, refreshUrl, { refreshToken: other.refreshToken }))).toEqual([
    401,
    'refresh_token_invalid',
  ]);
});

test('an owner lets a person in and takes them out', async () => {
  const { app, pool, signIn } = await createService();
  await pool.query(
    `INSERT INTO tenants (id, name, plan, placement, status, region, owner_id)
     VALUES ('iron-temple', 'Iron', 'free', 'shared', 'active', 'ap-northeast-1', 'test')`,
  );
  const { user } = await signIn('owner@example.com');
  await pool.query("INSERT INTO memberships VALUES ($1, 'iron-temple', 'gym_owner')", [user.id]);
  const { accessToken } = await signIn('owner@example.com', 'iron-temple');
  const headers = { authorization: `Bearer ${accessToken}` };
  const users = '/api/auth/tenants/iron-temple/users';

  const granted = await post(app, users, { to: '+886912345678', role: 'trainer' }, headers);
  expect(granted.statusCode).toBe(201);
  expect(granted.json()).toMatchObject({ tenantId: 'iron-temple', role: 'trainer' });
  const { userId } = granted.json<{ userId: string }>();

  const remove = (id: string) => app.inject({ method: 'DELETE', url: `${users}/${id}`, headers });
  expect((await remove(userId)).statusCode).toBe(204);
  expect(problemOf(await remove(userId))).toEqual([404, 'not_found']);
  expect(problemOf(await remove('not-a-uuid'))).toEqual([400, 'malformed_request']);
  expect(problemOf(await remove(user.id))).toEqual([409, 'last_owner']);
  expect(problemOf(await post(app, users, { to: 'nobody', role: 'guest' }, headers))).toEqual([
    400,
    'malformed_request',
  ]);
  const elsewhere = await post(
    app,
    '/api/auth/tenants/other-gym/users',
    { to: 'a@b.tw', role: 'guest' },
    headers,
  );
  expect(problemOf(elsewhere)).toEqual([403, 'forbidden']);
  expect(problemOf(await post(app, users, { to: 'a@b.tw', role: 'guest' }))).toEqual([
    401,
    'unauthenticated',
  ]);
});

test('people list their sessions and end them over HTTP', async () => {
  const { app, clock, signIn } = await createService();
  const sessions = [];
  for (let n = 0; n < 3; n++) {
    sessions.push(await signIn('ann@example.com', n === 0 ? 'iron-temple' : undefined));
    clock.advance(1);
  }
  const headers = { authorization: `Bearer ${sessions[2]?.accessToken}` };
  const list = async (query = '') =>
    (await app.inject({ url: `/api/auth/sessions${query}`, headers })).json<SessionPage>();
  const first = await list('?limit=2');
  expect(first.sessions.map(({ current }) => current)).toEqual([true, false]);
  const second = await list(`?limit=2&cursor=${first.nextCursor}`);
  expect(second).toMatchObject({ sessions: [{ boundTo: 'iron-temple', current: false }], nextCursor: null });
  const bad = await app.inject({ url: '/api/auth/sessions?cursor=x', headers });
  expect(problemOf(bad)).toEqual([400, 'malformed_request']);

  const end = (id = '') => app.inject({ method: 'DELETE', url: `/api/auth/sessions${id}`, headers });
  const id = `/${second.sessions[0]?.sessionId}`;
  expect((await end(id)).statusCode).toBe(204);
  expect(problemOf(await end(id))).toEqual([404, 'not_found']);
  expect((await end()).statusCode).toBe(204);
  expect((await list()).sessions).toHaveLength(1);
});

test('a code of one gym opens no other gym of the person', async () => {
  const { app, pool, signIn } = await createService();
  const { user } = await signIn('owner@example.com');
  for (const gym of ['gym-evil', 'gym-good']) {
    await pool.query(
      `INSERT INTO tenants (id, name, plan, placement, status, region, owner_id)
       VALUES ($1, $1, 'free', 'shared', 'active', 'ap-northeast-1', 'test')`,
      [gym],
    );
    await pool.query("INSERT INTO memberships VALUES ($1, $2, 'gym_owner')", [user.id, gym]);
  }
  const { refreshToken, accessToken } = await signIn('owner@example.com', 'gym-evil');
  expect(problemOf(await post(app, refreshUrl, { refreshToken, tenantId: 'gym-good' }))).toEqual([
    403,
    'forbidden',
  ]);
  const me = await app.inject({ url: '/api/auth/me', headers: { authorization: `Bearer ${accessToken}` } });
  expect(me.json<User>().tenants).toEqual([{ tenantId: 'gym-evil', role: 'gym_owner' }]);
  const platform = await signIn('owner@example.com');
  const entered = await post(app, refreshUrl, { refreshToken: platform.refreshToken, tenantId: 'gym-good' });
  expect(entered.json<TokenPair>().user).toMatchObject({ roles: ['gym_owner'] });
});

test('an operator whose name is an ARN asks who they are', async () => {
  const { app, signingKeys } = await createService();
  const sub = `arn:aws:sts::123456789012:assumed-role/${'Operator/'.repeat(100)}ann`;
  const token = await signingKeys.sign({ sub, roles: ['platform_admin'], scope: 'operator' }, 60);
  const headers = { authorization: `Bearer ${token}` };
  const me = await app.inject({ url: '/api/auth/me', headers });
  expect(me.json()).toEqual({ id: sub, roles: ['platform_admin'], tenants: [] });
  const leave = await app.inject({ method: 'DELETE', url: '/api/auth/me/tenants/iron-temple', headers });
  expect(problemOf(leave)).toEqual([404, 'not_found']);
});

test('an operator has a person erased, and nobody else does', async () => {
  const { app, pool, log, signIn, signingKeys } = await createService();
  const { accessToken } = await signIn('ann@example.com');
  const operator = await signingKeys.sign(
    { sub: 'operator', roles: ['platform_admin'], scope: 'operator' },
    60,
  );
  const erase = (address: string, token: string) =>
    post(app, '/api/auth/people/erase', { address }, { authorization: `Bearer ${token}` });
  expect(problemOf(await erase('ann@example.com', accessToken))).toEqual([403, 'forbidden']);
  expect(problemOf(await erase('nobody', operator))).toEqual([400, 'malformed_request']);
  const proof = (await erase('ann@example.com', operator)).json<PersonErasure>();
  expect(proof.rows).toEqual({ users: 1, user_addresses: 1, sessions: 1, memberships: 0 });
  const { rows } = await pool.query('SELECT detail FROM audit');
  expect(rows).toEqual([{ detail: { addressHash: proof.addressHash, rows: proof.rows } }]);
  expect(log.join('')).not.toContain('ann@example.com');
});
