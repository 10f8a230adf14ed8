import { randomUUID } from 'node:crypto';
import { route } from '@kyong/contracts';
import { afterEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { createHttpApp, drain, serve } from './http-app.ts';
import { createLogger } from './logger.ts';
import { Problem } from './problem.ts';

const echo = route({
  method: 'POST',
  path: '/echo/{name}',
  tag: 'Health',
  summary: 'Echo',
  secured: false,
  params: z.object({ name: z.string().max(10) }),
  body: z.strictObject({ text: z.string() }),
  success: { status: 201, description: 'Echoed', body: z.object({ text: z.string() }) },
  problems: [],
});

const remove = route({
  method: 'DELETE',
  path: '/echo/{name}',
  tag: 'Health',
  summary: 'Remove',
  secured: false,
  params: z.object({ name: z.string() }),
  success: { status: 200, description: 'Removed', body: z.object({}) },
  problems: [],
});

let failure: unknown;
const logger = createLogger({ service: 'test', level: 'silent' });
const app = createHttpApp({
  logger,
  checks: {
    database: async () => {
      if (failure) throw failure;
    },
  },
  bodyLimitBytes: 1000,
});
serve(app, echo, async ({ body, params }) => {
  if (failure) throw failure;
  return { text: `${params.name}: ${body.text}` };
});
serve(app, remove, async () => ({}));
afterEach(() => {
  failure = undefined;
});

const post = (payload: string, headers: Record<string, string> = {}) =>
  app.inject({
    method: 'POST',
    url: '/echo/gym',
    headers: { 'content-type': 'application/json', ...headers },
    payload,
  });

it('answers with what the handler gives', async () => {
  const response = await post('{"text":"hi"}');
  expect(response.statusCode).toBe(201);
  expect(response.json()).toEqual({ text: 'gym: hi' });
  expect(response.headers).toMatchObject({
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    'content-security-policy': "default-src 'none';frame-ancestors 'none'",
  });
});

describe('bad input gets a problem document', () => {
  it.each([
    ['{"text":', {}, 400, 'malformed_json'],
    ['', {}, 400, 'malformed_request'],
    ['{"text":"a\\ud800b"}', {}, 400, 'malformed_request'],
    ['{"text":"a","\\udc00":1}', {}, 400, 'malformed_request'],
    ['{"text":1}', {}, 400, 'malformed_request'],
    ['{"text":"a","more":1}', {}, 400, 'malformed_request'],
    ['[]', {}, 400, 'malformed_request'],
    ['null', {}, 400, 'malformed_request'],
    [JSON.stringify({ text: 'x'.repeat(2000) }), {}, 413, 'payload_too_large'],
    ['text=a', { 'content-type': 'application/x-www-form-urlencoded' }, 415, 'unsupported_media_type'],
    ['a', { 'content-type': 'text/plain' }, 415, 'unsupported_media_type'],
  ])('%s', async (payload, headers, status, code) => {
    const response = await post(payload, headers);
    expect([response.statusCode, response.json().code]).toEqual([status, code]);
    expect(response.headers['content-type']).toContain('application/problem+json');
  });

  it('says which field, and never repeats what came', async () => {
    const response = await post('{"text":{"secret":"hunter2"},"hunter2":1}');
    expect(response.json().errors.map((error: { path: string }) => error.path)).toContain('body.text');
    expect(response.body).not.toContain('hunter2');
  });

  it('prototype pollution is refused', async () => {
    expect((await post('{"text":"a","__proto__":{"admin":true}}')).statusCode).toBe(400);
  });
});

it('createHttpApp takes an emoji that came as two escapes', async () => {
  expect((await post('{"text":"\\ud83d\\ude00"}')).json()).toEqual({ text: 'gym: 😀' });
});

it('createHttpApp takes no body for none when its type is JSON', async () => {
  const response = await app.inject({
    method: 'DELETE',
    url: '/echo/gym',
    headers: { 'content-type': 'application/json' },
  });
  expect(response.statusCode).toBe(200);
});

it.each(['/%', '/echo/%zz', '/%E0%A4%A'])('createHttpApp answers %s with a problem document', async (url) => {
  const response = await app.inject({ method: 'POST', url });
  expect(response.json()).toMatchObject({ code: 'malformed_request', requestId: expect.any(String) });
  expect(response.headers).toMatchObject({
    'content-type': 'application/problem+json; charset=utf-8',
    'x-content-type-options': 'nosniff',
    'x-request-id': response.json().requestId,
  });
  expect(response.body).not.toContain(url);
});

it('createHttpApp answers 404 when a name in a path is longer than any there is', async () => {
  const response = await app.inject({ method: 'POST', url: `/echo/${'%61'.repeat(300)}` });
  expect([response.statusCode, response.json().code]).toEqual([404, 'not_found']);
});

it('createHttpApp answers 405 without a look at the body when a path has other methods', async () => {
  const app = createHttpApp({ logger, checks: {} });
  app.get('/thing', async () => ({}));
  for (const request of [
    { method: 'QUERY' as never },
    { method: 'PUT' as const, headers: { 'content-type': 'text/csv' }, payload: 'a' },
    { method: 'POST' as const, headers: { 'content-type': 'application/json' }, payload: '{' },
  ]) {
    const response = await app.inject({ url: '/thing', ...request });
    expect([request.method, response.statusCode, response.headers.allow]).toEqual([
      request.method,
      405,
      'GET, HEAD',
    ]);
  }
});

it('createHttpApp answers 405 with the methods there are when a path has others', async () => {
  const response = await app.inject({ method: 'PATCH', url: '/echo/gym?a=b' });
  expect([response.statusCode, response.json().code]).toEqual([405, 'method_not_allowed']);
  expect(response.headers.allow).toBe('DELETE, POST');
  expect((await app.inject({ method: 'PATCH', url: '/echo' })).statusCode).toBe(404);
  expect((await app.inject({ method: 'PATCH', url: '/echo/' })).statusCode).toBe(404);
});

it('text that a database cannot store is the fault of whoever sent it', async () => {
  failure = Object.assign(new Error('invalid byte sequence for encoding "UTF8": 0x00'), { code: '22021' });
  const response = await post(JSON.stringify({ text: 'a\0' }));
  expect([response.statusCode, response.json().code]).toEqual([400, 'malformed_request']);
});

it('masks what the client must not see', async () => {
  failure = new Error('SELECT * FROM tenants at db.internal');
  const response = await post('{"text":"a"}');
  expect(response.statusCode).toBe(500);
  expect(response.json()).toMatchObject({ code: 'internal', title: 'Something went wrong on our side' });
  expect(response.body).not.toMatch(/SELECT|internal\.|stack|at db/);
});

it.each([
  ['a refused connection', Object.assign(new Error('connect'), { code: 'ECONNREFUSED' })],
  ['a database that shuts down', Object.assign(new Error('terminating'), { code: '57P01' })],
  ['a Redis that is away', new Error('Connection is closed.')],
])('%s is a 503 with Retry-After', async (_, error) => {
  failure = error;
  const response = await post('{"text":"a"}');
  expect(response.statusCode).toBe(503);
  expect(Number(response.headers['retry-after'])).toBeGreaterThan(0);
});

it.each([
  ['a file system', Object.assign(new Error('write'), { code: 'ENOSPC' })],
  ['a database', Object.assign(new Error('could not extend file'), { code: '53100' })],
  ['Redis', new Error('MISCONF Errors writing to the AOF file: No space left on device')],
  ['one of several causes', new Error('save', { cause: Object.assign(new Error(), { code: 'EDQUOT' }) })],
])('createHttpApp answers 507 with Retry-After when %s is full', async (_, error) => {
  failure = error;
  const response = await post('{"text":"a"}');
  expect([response.statusCode, response.json().code]).toEqual([507, 'insufficient_storage']);
  expect(Number(response.headers['retry-after'])).toBeGreaterThan(0);
});

it('a problem of the handler keeps its code and its Retry-After', async () => {
  failure = new Problem('rate_limited', { retryAfterSeconds: 12.3 });
  const response = await post('{"text":"a"}');
  expect([response.statusCode, response.headers['retry-after']]).toEqual([429, '13']);
});

it('keeps a request id that came, unless it is not one', async () => {
  const id = randomUUID();
  expect((await post('{}', { 'x-request-id': id })).headers['x-request-id']).toBe(id);
  const other = await post('{}', { 'x-request-id': 'x"><script>' });
  expect(other.headers['x-request-id']).not.toContain('script');
  expect(other.json().requestId).toBe(other.headers['x-request-id']);
});

it('is alive while a part is away, and not ready', async () => {
  failure = new Error('db.internal does not answer');
  expect((await app.inject('/health')).statusCode).toBe(200);
  const ready = await app.inject('/ready');
  expect(ready.statusCode).toBe(503);
  expect(ready.json()).toEqual({
    status: 'unavailable',
    parts: { database: { status: 'unavailable', detail: 'does not answer' } },
  });
});

it('says of a part what its problem says', async () => {
  failure = new Problem('insufficient_storage', { detail: '12 MB are free.' });
  expect((await app.inject('/ready')).json().parts.database.detail).toBe('12 MB are free.');
});

it('createHttpApp writes no line for a probe unless it fails', async () => {
  const lines: string[] = [];
  const destination = { write: (line: string) => void lines.push(line) };
  let away = false;
  const probed = createHttpApp({
    logger: createLogger({ service: 'test' }, destination),
    checks: {
      database: async () => {
        if (away) throw new Error('away');
      },
    },
  });
  for (const url of ['/health', '/ready', '/nowhere']) await probed.inject(url);
  expect(lines.map((line) => JSON.parse(line).status)).toEqual([404]);
  away = true;
  await probed.inject('/ready');
  expect(lines.map((line) => JSON.parse(line).status)).toEqual([404, 503]);
});

it('draining, it answers on, closes connections and is not ready', async () => {
  const leaving = createHttpApp({ logger, checks: {} });
  expect((await leaving.inject('/health')).headers.connection).not.toBe('close');
  await drain(leaving, 0);
  const alive = await leaving.inject('/health');
  expect(alive.statusCode).toBe(200);
  expect(alive.headers.connection).toBe('close');
  const ready = await leaving.inject('/ready');
  expect(ready.statusCode).toBe(503);
  expect(ready.json().parts.server).toEqual({ status: 'unavailable', detail: 'shutting down' });
});

it('unknown addresses are a 404 problem', async () => {
  expect((await app.inject('/nowhere')).json()).toMatchObject({ status: 404, code: 'not_found' });
});
