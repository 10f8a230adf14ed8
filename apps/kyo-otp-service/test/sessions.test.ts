import type { TokenPair } from '@kyong/contracts';
import { expect, test } from 'vitest';
import { createService, post, problemOf } from './harness.ts';

const refreshUrl = '/api/auth/refresh';

test('refresh, reuse, logout over HTTP', async () => {
  const { app, signIn } = await createService();
  const { refreshToken } = await signIn('ann@example.com');
  const refreshed = await post(app, refreshUrl, { refreshToken });
  expect(refreshed.statusCode).toBe(200);
  expect(refreshed.headers['cache-control']).toBe('no-store');
  const next = refreshed.json<TokenPair>().refreshToken;
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
