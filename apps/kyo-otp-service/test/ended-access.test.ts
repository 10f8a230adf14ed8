import type { TokenPair } from '@kyong/contracts';
import type { Connection } from '@kyong/postgres';
import { createMasterDatabase } from '@kyong/tenancy/adapters/master-database';
import { openTenantAccess } from '@kyong/tenancy/adapters/tenant-access';
import { eventually } from '@kyong/testing';
import { expect, onTestFinished, test } from 'vitest';
import { createApp } from '../src/app.ts';
import { createService, post, problemOf } from './harness.ts';

const tenantId = 'iron-temple';

/** A gym with an owner and a manager, and the service as one that hears from the master database what has ended. */
async function createGym() {
  const service = await createService();
  const { pool, signIn, dependencies, createGym } = service;
  await createGym(tenantId);
  await pool.query(
    `INSERT INTO tenants (id, name, plan, placement, status, region, owner_id)
     VALUES ($1, 'Iron', 'free', 'shared', 'active', 'ap-northeast-1', 'test')`,
    [tenantId],
  );
  for (const role of ['gym_owner', 'gym_manager']) {
    const { user } = await signIn(`${role}@example.com`);
    await pool.query('INSERT INTO memberships VALUES ($1, $2, $3)', [user.id, tenantId, role]);
  }
  const listen = () => {
    const access = openTenantAccess({
      store: createMasterDatabase(dependencies.pool),
      secrets: { read: async () => 'nobody asks' },
      master: service.connection as Connection,
      now: service.clock.now,
      onError: () => {},
    });
    onTestFinished(() => access.close());
    const app = createApp({ ...dependencies, endedAccess: access.endedAccess });
    onTestFinished(() => app.close());
    const as = ({ accessToken }: TokenPair) => ({ authorization: `Bearer ${accessToken}` });
    return {
      app,
      as,
      log: async (person: TokenPair) =>
        (await app.inject({ url: '/api/otp/log', headers: as(person) })).statusCode,
      me: async (person: TokenPair) =>
        (await app.inject({ url: '/api/auth/me', headers: as(person) })).statusCode,
    };
  };
  const owner = await signIn('gym_owner@example.com', tenantId);
  const manager = await signIn('gym_manager@example.com', tenantId);
  const users = `/api/auth/tenants/${tenantId}/users`;
  return { ...service, listen, owner, manager, users };
}

test('a manager who is removed reads nothing more with the token they have', async () => {
  const { listen, owner, manager, users } = await createGym();
  const { app, as, log, me } = listen();
  await eventually(async () => expect(await log(manager)).toBe(200));
  const url = `${users}/${manager.user.id}`;
  expect((await app.inject({ method: 'DELETE', url, headers: as(owner) })).statusCode).toBe(204);
  await eventually(async () => expect(await log(manager)).toBe(401));
  expect(await me(manager)).toBe(401);
  expect(await log(owner)).toBe(200);

  // A service that was started since knows it, too.
  const restarted = listen();
  await eventually(async () => expect(await restarted.log(owner)).toBe(200));
  expect(await restarted.log(manager)).toBe(401);
});

test('another role ends the tokens of the former one, and a refresh gets one of the new', async () => {
  const { listen, owner, manager, users } = await createGym();
  const { app, as, log } = listen();
  await eventually(async () => expect(await log(manager)).toBe(200));
  const lower = { to: 'gym_manager@example.com', role: 'trainer' };
  expect((await post(app, users, lower, as(owner))).statusCode).toBe(201);
  await eventually(async () => expect(await log(manager)).toBe(401));
  const { refreshToken } = manager;
  const trainer = (await post(app, '/api/auth/refresh', { refreshToken })).json<TokenPair>();
  expect(trainer.user.roles).toEqual(['trainer']);
  expect(await log(trainer)).toBe(403);

  await post(app, users, { ...lower, role: 'gym_manager' }, as(owner));
  await eventually(async () => expect(await log(trainer)).toBe(401));
  const again = await post(app, '/api/auth/refresh', { refreshToken: trainer.refreshToken });
  expect(await log(again.json<TokenPair>())).toBe(200);
});

test('a logout ends the access tokens of that session, and of no other', async () => {
  const { listen, signIn, manager } = await createGym();
  const { app, me } = listen();
  const other = await signIn('gym_manager@example.com', tenantId);
  await eventually(async () => expect(await me(manager)).toBe(200));
  await post(app, '/api/auth/logout', { refreshToken: manager.refreshToken });
  await eventually(async () => expect(await me(manager)).toBe(401));
  expect(await me(other)).toBe(200);
});

test('a refresh token that is reused ends the access tokens as well', async () => {
  const { listen, clock, manager } = await createGym();
  const { app, me } = listen();
  await eventually(async () => expect(await me(manager)).toBe(200));
  const refresh = () => post(app, '/api/auth/refresh', { refreshToken: manager.refreshToken });
  await refresh();
  clock.advance(10);
  expect(problemOf(await refresh())).toEqual([401, 'refresh_token_invalid']);
  await eventually(async () => expect(await me(manager)).toBe(401));
});

test('while it is not known what has ended, nobody is let in and everybody may come again', async () => {
  const { dependencies, owner, clock } = await createGym();
  const access = openTenantAccess({
    store: {
      ...createMasterDatabase(dependencies.pool),
      findEndedAccess: () => Promise.reject(new Error('away')),
    },
    secrets: { read: async () => 'nobody asks' },
    master: { connectionString: 'postgres://127.0.0.1:1/none' },
    now: clock.now,
    onError: () => {},
  });
  onTestFinished(() => access.close());
  const app = createApp({ ...dependencies, endedAccess: access.endedAccess });
  onTestFinished(() => app.close());
  const me = await app.inject({
    url: '/api/auth/me',
    headers: { authorization: `Bearer ${owner.accessToken}` },
  });
  expect(problemOf(me)).toEqual([503, 'unavailable']);
});
