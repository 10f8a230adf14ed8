// Attacks on the parser: whatever comes in, the answer is a problem document below 500, and the service lives on.
import type { ProblemDocument } from '@kyong/contracts';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createService, problemOf } from '../harness.ts';

const urls = ['/api/otp/send', '/api/otp/verify', '/api/auth/refresh', '/api/auth/logout'];
const json = { 'content-type': 'application/json' };

type App = Awaited<ReturnType<typeof createService>>['app'];

async function expectRefused(app: App, url: string, payload: string | Buffer, headers: object = json) {
  const response = await app.inject({ method: 'POST', url, payload, headers: { ...headers } });
  // A logout is no error whatever the token.
  if (response.statusCode === 204) return;
  expect(response.statusCode).toBeGreaterThanOrEqual(400);
  expect(response.statusCode).toBeLessThan(500);
  expect(response.headers['content-type']).toContain('application/problem+json');
  const problem = response.json<ProblemDocument>();
  expect(problem.status).toBe(response.statusCode);
  expect(response.body).not.toMatch(/\bat .*\.ts:|node_modules|SELECT|redis/i);
}

const fields = ['channel', 'to', 'purpose', 'tenantId', 'locale', 'requestId', 'code', 'refreshToken'];
const value = fc.oneof(
  fc.constantFrom(
    'sms',
    'email',
    '+886912345678',
    'login',
    'zh-TW',
    '123456',
    'A'.repeat(43),
    'A'.repeat(64),
  ),
  fc.string({ unit: 'binary', maxLength: 100 }),
  fc.jsonValue({ maxDepth: 3 }),
);
const bodies = fc.oneof(
  { weight: 4, arbitrary: fc.dictionary(fc.constantFrom(...fields, '__proto__', 'constructor'), value) },
  { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 6 }) },
);

test('any JSON', async () => {
  const { app } = await createService();
  const isValidSend = (body: unknown) => {
    const { channel, to } = (body ?? {}) as Record<string, unknown>;
    return channel === 'sms' && to === '+886912345678';
  };
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...urls), bodies, async (url, body) => {
      fc.pre(!isValidSend(body));
      await expectRefused(app, url, JSON.stringify(body));
    }),
    { numRuns: 1_000 },
  );
});

test('any bytes, under any content type', async () => {
  const { app } = await createService();
  const types = [
    'application/json',
    'application/json; charset=utf-16',
    'text/plain',
    'multipart/form-data',
    '',
  ];
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...urls),
      fc.uint8Array({ maxLength: 200 }),
      fc.constantFrom(...types),
      (url, bytes, type) => expectRefused(app, url, Buffer.from(bytes), type ? { 'content-type': type } : {}),
    ),
    { numRuns: 500 },
  );
});

test.each([
  ['a megabyte', `"${'x'.repeat(1_000_000)}"`, 413],
  ['five kilobytes in one field', JSON.stringify({ channel: 'email', to: 'x'.repeat(5_000) }), 413],
  ['deep nesting', '['.repeat(2_000) + ']'.repeat(2_000), 400],
  ['a thousand fields', `{${Array.from({ length: 400 }, (_, n) => `"f${n}":1`).join()}}`, 400],
  ['one field twice', '{"channel":"sms","channel":"email","to":"+886912345678"}', 400],
  ['a lone surrogate', '{"channel":"email","to":"\\ud800@example.com"}', 400],
  ['a number beyond all numbers', '{"channel":"sms","to":1e999}', 400],
  ['a byte order mark alone', '\ufeff', 400],
  ['prototype pollution', '{"__proto__":{"channel":"sms"},"to":"+886912345678"}', 400],
  ['an e-mail address made to stall a pattern', `{"channel":"email","to":"${'a.'.repeat(1_900)}"}`, 400],
])('%s', async (_, payload, status) => {
  const { app } = await createService();
  const startedAt = performance.now();
  const response = await app.inject({ method: 'POST', url: '/api/otp/send', payload, headers: json });
  expect(problemOf(response)[0]).toBe(status);
  expect(performance.now() - startedAt).toBeLessThan(1_000);
});

test('absurd headers and methods', async () => {
  const { app } = await createService();
  const headers = {
    ...json,
    authorization: `Bearer ${'a.'.repeat(3_000)}`,
    'x-request-id': 'x'.repeat(5_000),
  };
  expect(problemOf(await app.inject({ url: '/api/auth/me', headers }))).toEqual([401, 'unauthenticated']);
  for (const method of ['GET', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'] as const) {
    const response = await app.inject({ method, url: '/api/otp/send' });
    expect(response.statusCode).toBe(405);
  }
  for (const url of [
    '/api/otp/send/',
    '/api/otp//send',
    '/api/otp/%2e%2e/send',
    `/api/otp/${'x'.repeat(3_000)}`,
  ])
    expect((await app.inject({ method: 'POST', url, payload: '{}', headers: json })).statusCode).toBeLessThan(
      500,
    );
});
