import { routes } from '@kyong/contracts';
import { createHttpApp, createLogger, Problem } from '@kyong/service-kit';
import { expect, it } from 'vitest';
import { refuseWithoutRoom } from './refuse-without-room.ts';

const logger = createLogger({ service: 'test', level: 'silent' });

it('refuseWithoutRoom lets people read and sign in, and refuses what would be stored, when there is no room', async () => {
  let refusal: Problem | undefined = new Problem('insufficient_storage', { detail: '12 MB are free.' });
  const app = createHttpApp({ logger, checks: {} });
  for (const { method, path } of Object.values(routes))
    app.route({ method, url: path.replaceAll(/\{(\w+)\}/g, ':$1'), handler: async () => ({}) });
  refuseWithoutRoom(app, async () => refusal);

  const outcomes = async () => {
    const statuses = Object.entries(routes).map(async ([name, { method, path }]) => {
      const { statusCode } = await app.inject({ method, url: path.replaceAll(/\{\w+\}/g, 'x') });
      return [name, statusCode] as const;
    });
    return Object.fromEntries(await Promise.all(statuses));
  };
  const full = await outcomes();
  expect(full).toMatchObject({ listTenants: 200, sendOtp: 200, verifyOtp: 200, endSession: 200 });
  expect(full).toMatchObject({
    provisionTenant: 507,
    restoreTenant: 507,
    createDocument: 507,
    addDocumentComment: 507,
  });
  expect(full).toMatchObject({
    confirmTenantChange: 200,
    discardRestored: 200,
    offboardTenant: 507,
    moveTenant: 507,
  });

  refusal = undefined;
  expect(new Set(Object.values(await outcomes()))).toEqual(new Set([200]));
  refusal = new Problem('insufficient_storage');
  expect((await app.inject({ method: 'POST', url: '/nowhere' })).statusCode).toBe(404);
});
