// better-auth's e-mail OTP on PostgreSQL, with or without Redis as its secondary storage, as its documentation sets it up.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { betterAuth } from 'better-auth';
import { getMigrations } from 'better-auth/db/migration';
import { toNodeHandler } from 'better-auth/node';
import { emailOTP } from 'better-auth/plugins';
import { Redis } from 'ioredis';
import pg from 'pg';
import { readConfiguration, report } from '../server-under-test.ts';
import { fixedCode } from './people.ts';

const { redis, databaseUrl, secret } = readConfiguration<{
  redis?: { nodes: { host: string; port: number }[]; password: string };
  databaseUrl: string;
  secret: string;
}>();
const client = redis && new Redis({ ...redis.nodes[0], password: redis.password });
const options = {
  secret,
  baseURL: 'http://localhost',
  database: new pg.Pool({ connectionString: databaseUrl, max: 10 }),
  // All the load comes from one address.
  rateLimit: { enabled: false },
  logger: { disabled: true },
  telemetry: { enabled: false },
  plugins: [
    emailOTP({ sendVerificationOTP: async () => {}, generateOTP: () => fixedCode, allowedAttempts: 3 }),
  ],
  ...(client && {
    secondaryStorage: {
      get: (key: string) => client.get(`{auth}${key}`),
      set: async (key: string, value: string, ttl?: number) => {
        await (ttl ? client.set(`{auth}${key}`, value, 'EX', ttl) : client.set(`{auth}${key}`, value));
      },
      getAndDelete: (key: string) => client.getdel(`{auth}${key}`),
      increment: async (key: string, ttl: number) => {
        const count = await client.incr(`{auth}${key}`);
        if (count === 1) await client.expire(`{auth}${key}`, ttl);
        return count;
      },
      delete: async (key: string) => {
        await client.del(`{auth}${key}`);
      },
    },
  }),
};
await (await getMigrations(options)).runMigrations();
const server = createServer(toNodeHandler(betterAuth(options)));
server.listen(0, '127.0.0.1', () => report((server.address() as AddressInfo).port));
