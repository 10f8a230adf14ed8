import { freePort } from '@kyong/embedded-servers';
import { createPool } from '@kyong/postgres';
import { connectRedis, untilReady } from '@kyong/redis';
import { startTestRedis } from '@kyong/testing';
import { expect, onTestFinished, test } from 'vitest';
import { createService, post, problemOf } from './harness.ts';

const body = { channel: 'email', to: 'ann@example.com' };

test('while Redis is away every answer is a quick 503, and it comes back by itself', async () => {
  const server = await startTestRedis();
  const redis = connectRedis({ nodes: [server.endpoint], password: server.endpoint.password }, () => {});
  onTestFinished(() => redis.disconnect());
  await untilReady(redis);
  const { app } = await createService({ redis });
  expect((await post(app, '/api/otp/send', body)).statusCode).toBe(202);

  await server.stop();
  for (let n = 0; n < 5; n++) {
    const startedAt = performance.now();
    const response = await post(app, '/api/otp/send', { ...body, to: `bob${n}@example.com` });
    expect(problemOf(response)).toEqual([503, 'unavailable']);
    expect(Number(response.headers['retry-after'])).toBeGreaterThan(0);
    expect(performance.now() - startedAt).toBeLessThan(10_000);
  }
  expect((await app.inject('/ready')).statusCode).toBe(503);
  expect((await app.inject('/health')).statusCode).toBe(200);

  await server.start(() => {});
  await untilReady(redis);
  // What was acknowledged before is still known after.
  expect(problemOf(await post(app, '/api/otp/send', body))).toEqual([429, 'otp_resend_too_soon']);
  expect((await app.inject('/ready')).statusCode).toBe(200);
});

test('a Redis that takes connections and says nothing is a 503 as well', async () => {
  const server = await startTestRedis();
  const redis = connectRedis({ nodes: [server.endpoint], password: server.endpoint.password }, () => {});
  onTestFinished(() => redis.disconnect());
  await untilReady(redis);
  const { app } = await createService({ redis });
  const pid = Number(/process_id:(\d+)/.exec(await redis.info('server'))?.[1]);
  process.kill(pid, 'SIGSTOP');
  onTestFinished(() => {
    process.kill(pid, 'SIGCONT');
  });
  const startedAt = performance.now();
  expect(problemOf(await post(app, '/api/otp/send', body))).toEqual([503, 'unavailable']);
  expect(performance.now() - startedAt).toBeLessThan(10_000);
});

test('while the database is away a refresh is a 503, and sending codes goes on', async () => {
  const nowhere = { host: '127.0.0.1', port: await freePort(), database: 'x', user: 'x', password: 'x' };
  const pool = createPool(nowhere, { maxConnections: 2, idleTimeoutSeconds: 1 }, () => {});
  onTestFinished(() => pool.end());
  const { app } = await createService({ pool });
  const refreshed = await post(app, '/api/auth/refresh', { refreshToken: 'A'.repeat(64) });
  expect(problemOf(refreshed)).toEqual([503, 'unavailable']);
  expect((await post(app, '/api/otp/send', body)).statusCode).toBe(202);
});
