import type { TokenPair } from '@kyong/contracts';
import { expect, test } from 'vitest';
import { createService, post } from './harness.ts';

const tenantId = 'iron-temple';
const users = `/api/auth/tenants/${tenantId}/users`;

/** An owner whose sign-in is `ageSeconds` old, and whose access token is fresh. */
async function createOwner(ageSeconds: number) {
  const { app, clock, pool, signIn } = await createService();
  await pool.query(
    `INSERT INTO tenants (id, name, plan, placement, status, region, owner_id)
     VALUES ($1, 'Iron', 'free', 'shared', 'active', 'ap-northeast-1', 'test')`,
    [tenantId],
  );
  const { user } = await signIn('owner@example.com');
  await pool.query("INSERT INTO memberships VALUES ($1, $2, 'gym_owner')", [user.id, tenantId]);
  const { refreshToken } = await signIn('owner@example.com');
  clock.advance(ageSeconds);
  const refreshed = await post(app, '/api/auth/refresh', { refreshToken, tenantId });
  const headers = { authorization: `Bearer ${refreshed.json<TokenPair>().accessToken}` };
  return {
    grant: (role: string) => post(app, users, { to: 'new@example.com', role }, headers),
    revoke: (userId: string) => app.inject({ method: 'DELETE', url: `${users}/${userId}`, headers }),
    changePolicy: () => app.inject({ method: 'PUT', url: '/api/otp/policy', headers, payload: {} }),
    signInAgain: async () => {
      const { accessToken } = await signIn('owner@example.com', tenantId);
      headers.authorization = `Bearer ${accessToken}`;
    },
  };
}

test('a refreshed session may do what is not dangerous, and signs in again for what is', async () => {
  const { grant, revoke, changePolicy, signInAgain } = await createOwner(30 * 60 + 1);
  const granted = await grant('trainer');
  expect(granted.statusCode).toBe(201);
  const { userId } = granted.json<{ userId: string }>();

  for (const refused of [await grant('gym_owner'), await revoke(userId), await changePolicy()]) {
    expect([refused.statusCode, refused.json<{ code: string }>().code]).toEqual([
      401,
      'insufficient_user_authentication',
    ]);
    expect(refused.headers['www-authenticate']).toBe(
      'Bearer error="insufficient_user_authentication", max_age="1800"',
    );
  }
  await signInAgain();
  expect((await grant('gym_owner')).statusCode).toBe(201);
  expect((await changePolicy()).statusCode).toBe(200);
  expect((await revoke(userId)).statusCode).toBe(204);
});

test('a sign-in of half an hour ago will do', async () => {
  const { grant } = await createOwner(30 * 60);
  expect((await grant('gym_owner')).statusCode).toBe(201);
});
