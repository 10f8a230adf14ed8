// The least a one-time password service on Fastify and Redis can do: one script call an operation, which limits, stores
// an HMAC and queues the message, or compares and spends. No users, tokens, log, encryption or validation worth the name.
import { createHmac, createSecretKey, randomBytes } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import Fastify from 'fastify';
import { Redis } from 'ioredis';
import { readConfiguration, report } from '../server-under-test.ts';
import { fixedCode } from './people.ts';

declare module 'ioredis' {
  interface RedisCommander<Context> {
    floorIssue(...args: [string, string, string, string, string]): Promise<number> & { context?: Context };
    floorVerify(...args: [string, string]): Promise<number> & { context?: Context };
  }
}

const { redis } = readConfiguration<{
  redis: { nodes: { host: string; port: number }[]; password: string };
}>();
const client = new Redis({ ...redis.nodes[0], password: redis.password });
client.defineCommand('floorIssue', {
  numberOfKeys: 3,
  lua: `
    local sent = redis.call('INCR', KEYS[1])
    if sent == 1 then redis.call('EXPIRE', KEYS[1], 3600) end
    if sent > 5 then return 0 end
    redis.call('SET', KEYS[2], ARGV[1], 'EX', 300)
    redis.call('XADD', KEYS[3], '*', 'message', ARGV[2])
    return 1`,
});
client.defineCommand('floorVerify', {
  numberOfKeys: 1,
  lua: `
    if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
    redis.call('DEL', KEYS[1])
    return 1`,
});

const key = createSecretKey(randomBytes(32));
const hash = (to: string, code: string) =>
  createHmac('sha256', key).update(to).update(code).digest('base64url');
const body = (...fields: string[]) => ({
  schema: {
    body: {
      type: 'object',
      required: fields,
      properties: Object.fromEntries(fields.map((field) => [field, { type: 'string' }])),
    },
    response: { 200: { type: 'object', properties: { ok: { type: 'boolean' } } } },
  },
});

const app = Fastify();
app.post<{ Body: { to: string } }>('/send', body('to'), async ({ body: { to } }) => {
  const stored = hash(to, fixedCode);
  const ok = await client.floorIssue(
    `{floor}:sends:${to}`,
    `{floor}:${to}`,
    '{floor}:queue',
    stored,
    to + fixedCode,
  );
  return { ok: ok === 1 };
});
app.post<{ Body: { to: string; code: string } }>(
  '/verify',
  body('to', 'code'),
  async ({ body: { to, code } }) => {
    return { ok: (await client.floorVerify(`{floor}:${to}`, hash(to, code))) === 1 };
  },
);
await app.listen({ host: '127.0.0.1', port: 0 });
report((app.server.address() as AddressInfo).port);
