import type { OperatorIdentities } from '@kyong/identity';
import { expect, onTestFinished, test } from 'vitest';
import { createApp } from '../src/app.ts';
import { createService, post, problemOf } from './harness.ts';

const arn = 'arn:aws:sts::123456789012:assumed-role/AWSReservedSSO_AdministratorAccess_0a1b/chen';

async function createWith(identify: OperatorIdentities['identify']) {
  const service = await createService();
  const app = createApp({ ...service.dependencies, operators: { identify } });
  onTestFinished(() => app.close());
  return { ...service, app };
}

test('an operator gets a token in the name of their identity for its proof, which is recorded', async () => {
  const { app, log } = await createWith(async (proof) => (proof === 'good' ? arn : undefined));
  const answer = await post(app, '/api/auth/operator', { proof: 'good' });
  expect(answer.json()).toEqual({ accessToken: expect.any(String), tokenType: 'Bearer', expiresIn: 900 });
  expect(answer.headers['cache-control']).toBe('no-store');
  const authorization = `Bearer ${answer.json().accessToken}`;
  const me = await app.inject({ url: '/api/auth/me', headers: { authorization } });
  expect(me.json()).toEqual({ id: arn, roles: ['platform_admin'], tenants: [] });
  const recorded = log.filter((line) => line.includes('"securityEvent":"operator.sign-in"'));
  expect(recorded).toEqual([expect.stringContaining(arn)]);

  expect(problemOf(await post(app, '/api/auth/operator', { proof: 'bad' }))).toEqual([
    401,
    'unauthenticated',
  ]);
});

test('an operator is told to come again when AWS does not answer', async () => {
  const { app } = await createWith(() => Promise.reject(new Error('STS answered 500.')));
  expect(problemOf(await post(app, '/api/auth/operator', { proof: 'good' }))).toEqual([503, 'unavailable']);
});

test('a laptop has no such address: its operator has a token in a file', async () => {
  const { app } = await createService();
  expect(problemOf(await post(app, '/api/auth/operator', { proof: 'good' }))).toEqual([404, 'not_found']);
});
