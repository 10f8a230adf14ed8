import { randomUUID } from 'node:crypto';
import type { OtpSettings, Role, SendOtpResponse, TenantRole } from '@kyong/contracts';
import { expect, onTestFinished, test } from 'vitest';
import { createApp } from '../src/app.ts';
import { createService, post, problemOf } from './harness.ts';

const tenantId = 'iron-temple';

/** A gym with one person, and the means to read and change its settings. */
async function createGym(role: TenantRole = 'gym_owner') {
  const service = await createService();
  const { app, clock, dependencies, pool, signIn } = service;
  await pool.query(
    `INSERT INTO tenants (id, name, plan, placement, status, region, owner_id)
     VALUES ($1, 'Iron', 'free', 'shared', 'active', 'ap-northeast-1', 'test')`,
    [tenantId],
  );
  const { user } = await signIn('person@example.com');
  await pool.query('INSERT INTO memberships VALUES ($1, $2, $3)', [user.id, tenantId, role]);
  const { accessToken } = await signIn('person@example.com', tenantId);
  const headers = { authorization: `Bearer ${accessToken}` };
  return {
    ...service,
    read: () => app.inject({ url: '/api/otp/policy', headers }),
    change: (payload: OtpSettings) => app.inject({ method: 'PUT', url: '/api/otp/policy', headers, payload }),
    addInstance: () => {
      const instance = createApp(dependencies);
      onTestFinished(() => instance.close());
      return instance;
    },
    /** How long a code lives that is sent in a tenant's name. */
    lifetime: async (tenant: string | undefined, purpose: string, on = app) => {
      const to = `${randomUUID()}@example.com`;
      const sent = await post(on, '/api/otp/send', { channel: 'email', to, tenantId: tenant, purpose });
      return (Date.parse(sent.json<SendOtpResponse>().expiresAt) - clock.now().getTime()) / 1000;
    },
  };
}

test('settings hold at once for the tenant that made them, and for nobody else', async () => {
  const { read, change, lifetime, addInstance } = await createGym();
  expect((await read()).json()).toEqual({});
  const settings = { lifetimeSeconds: 120, purposes: { signup: { lifetimeSeconds: 60 } } };
  const changed = await change(settings);
  expect([changed.statusCode, changed.json()]).toEqual([200, settings]);
  expect((await read()).json()).toEqual(settings);
  expect(await lifetime(tenantId, 'login')).toBe(120);
  expect(await lifetime(tenantId, 'signup')).toBe(60);
  expect(await lifetime('other-gym', 'login')).toBe(300);
  expect(await lifetime(undefined, 'login')).toBe(300);
  // Another instance finds them when it starts.
  expect(await lifetime(tenantId, 'login', addInstance())).toBe(120);
});

test('what the settings of others in the row were they still are', async () => {
  const { change, pool } = await createGym();
  await pool.query(`UPDATE tenants SET settings = '{"theme": "dark", "otp": {"codeLength": 8}}'`);
  await change({ countries: ['JP'] });
  const { rows } = await pool.query('SELECT settings FROM tenants');
  expect(rows).toEqual([{ settings: { theme: 'dark', otp: { countries: ['JP'] } } }]);
});

test('a country the tenant has added and an operator approved gets its SMS, in the name of that tenant only', async () => {
  const { app, change, signingKeys } = await createGym();
  const body = { channel: 'sms', to: '+819012345678' };
  expect(problemOf(await post(app, '/api/otp/send', { ...body, tenantId }))).toEqual([
    422,
    'otp_country_refused',
  ]);
  await change({ countries: ['JP'] });
  expect(problemOf(await post(app, '/api/otp/send', { ...body, tenantId }))).toEqual([
    422,
    'otp_country_refused',
  ]);
  const approve = async (roles: Role[], tenant = tenantId) =>
    app.inject({
      method: 'PUT',
      url: `/api/otp/countries/${tenant}`,
      headers: {
        authorization: `Bearer ${await signingKeys.sign({ sub: 'operator', tenant: tenantId, roles, scope: 'operator' }, 60)}`,
      },
      payload: { countries: ['JP'] },
    });
  expect(problemOf(await approve(['gym_owner']))).toEqual([403, 'forbidden']);
  expect(problemOf(await approve(['platform_admin'], 'no-such-gym'))).toEqual([404, 'not_found']);
  expect((await approve(['platform_admin'])).statusCode).toBe(200);
  expect(problemOf(await post(app, '/api/otp/send', { ...body, tenantId: 'other-gym' }))).toEqual([
    422,
    'otp_country_refused',
  ]);
  expect((await post(app, '/api/otp/send', { ...body, tenantId })).statusCode).toBe(202);
  expect(
    problemOf(await post(app, '/api/otp/send', { channel: 'sms', to: '+815012345678', tenantId })),
  ).toEqual([422, 'otp_number_refused']);
});

test('unsafe settings are refused and say why; malformed ones are a 400', async () => {
  const { read, change } = await createGym();
  const unsafe = await change({ codeLength: 4 });
  expect(problemOf(unsafe)).toEqual([422, 'otp_policy_unsafe']);
  expect(unsafe.json()).toMatchObject({ detail: expect.stringContaining('1000000') });
  expect(problemOf(await change({ lifetimeSeconds: 601 }))).toEqual([400, 'malformed_request']);
  expect(problemOf(await change({ attempts: 101 }))).toEqual([400, 'malformed_request']);
  expect((await read()).json()).toEqual({});
});

test('an owner or manager may; others, and those who were, may not', async () => {
  const manager = await createGym('gym_manager');
  expect((await manager.change({ codeLength: 8 })).statusCode).toBe(200);
  await manager.pool.query("UPDATE memberships SET role = 'member'");
  for (const response of [await manager.read(), await manager.change({})])
    expect(problemOf(response)).toEqual([403, 'forbidden']);
  const trainer = await createGym('trainer');
  for (const response of [await trainer.read(), await trainer.change({})])
    expect(problemOf(response)).toEqual([403, 'forbidden']);
  const { accessToken } = await trainer.signIn('person@example.com');
  const response = await trainer.app.inject({
    url: '/api/otp/policy',
    headers: { authorization: `Bearer ${accessToken}` },
  });
  expect(problemOf(response)).toEqual([403, 'forbidden']);
});

test('a tenant that exists and has set nothing answers as one that does not exist', async () => {
  const { app } = await createGym();
  const shapes = await Promise.all(
    [tenantId, 'no-such-gym'].map(async (tenant) => {
      const to = `${randomUUID()}@example.com`;
      const sent = await post(app, '/api/otp/send', { channel: 'email', to, tenantId: tenant });
      const { requestId, ...rest } = sent.json<SendOtpResponse>();
      return { status: sent.statusCode, length: requestId.length, ...rest };
    }),
  );
  expect(shapes[0]).toEqual(shapes[1]);
});
