import type { SendOtpResponse } from '@kyong/contracts';
import { connectRedis, untilReady } from '@kyong/redis';
import { startTestRedis } from '@kyong/testing';
import { expect, onTestFinished, test } from 'vitest';
import { createApp } from '../src/app.ts';
import { createService, post, problemOf } from './harness.ts';

const testNumber = '+15005550006';
const body = { channel: 'sms', to: testNumber };

async function createTestService() {
  const { endpoint } = await startTestRedis();
  const redis = connectRedis({ nodes: [endpoint], password: endpoint.password }, () => {});
  onTestFinished(() => redis.disconnect());
  await untilReady(redis);
  const service = await createService({ redis });
  const app = createApp({ ...service.dependencies, testNumbers: new Map([[testNumber, '246810']]) });
  onTestFinished(() => app.close());
  return { ...service, app, redis, plain: service.app };
}

test('a test number has its code and is sent nothing, wherever it is', async () => {
  const { app, redis } = await createTestService();
  const sent = await post(app, '/api/otp/send', body);
  expect(sent.statusCode).toBe(202);
  const { requestId } = sent.json<SendOtpResponse>();
  expect(problemOf(await post(app, '/api/otp/verify', { requestId, code: '246811' }))).toEqual([
    422,
    'otp_incorrect',
  ]);
  expect((await post(app, '/api/otp/verify', { requestId, code: '246810' })).statusCode).toBe(200);
  expect(await redis.nodes('master')[0]?.keys('{otp:*}:deliveries')).toEqual([]);
});

test('the limits of a recipient hold for it, and its code is nobody else’s', async () => {
  const { app, plain } = await createTestService();
  await post(app, '/api/otp/send', body);
  expect(problemOf(await post(app, '/api/otp/send', body))).toEqual([429, 'otp_resend_too_soon']);
  const other = await post(app, '/api/otp/send', { channel: 'sms', to: '+886912345678' });
  const { requestId } = other.json<SendOtpResponse>();
  expect(problemOf(await post(app, '/api/otp/verify', { requestId, code: '246810' }))).toEqual([
    422,
    'otp_incorrect',
  ]);
  expect(problemOf(await post(plain, '/api/otp/send', body))).toEqual([422, 'otp_country_refused']);
});
