import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { OutboxMessage, SendOtpResponse } from '@kyong/contracts';
import { RedisServer } from '@kyong/embedded-servers';
import { connectRedis, untilReady } from '@kyong/redis';
import { eventually } from '@kyong/testing';
import type { Cluster } from 'ioredis';
import { afterAll, beforeAll, onTestFinished } from 'vitest';
import { createService, post } from '../harness.ts';

let server: RedisServer;
const directory = mkdtempSync(join(tmpdir(), 'kyo-red-team-'));

/** One Redis, with a queue no other file meets, for all attacks of a file. */
export function useOwnRedis(): void {
  beforeAll(async () => {
    server = new RedisServer(directory, { fsync: 'no' });
    await server.start(() => {});
  });
  afterAll(async () => {
    await server.stop();
    rmSync(directory, { recursive: true, force: true });
  });
}

export async function connectOwnRedis(): Promise<Cluster> {
  const { endpoint } = server;
  const redis = connectRedis({ nodes: [endpoint], password: endpoint.password }, () => {});
  onTestFinished(() => redis.disconnect());
  await untilReady(redis);
  return redis;
}

/** The service as an attacker meets it: limits on, a proxy in front, and a mailbox the attacker cannot read. */
export async function createTarget() {
  const redis = await connectOwnRedis();
  const service = await createService({ redis, limitLoopback: true });
  service.startWorker();
  const from = (ip: string) => ({ 'x-forwarded-for': ip });
  let attackers = 0;
  return {
    ...service,
    /** An address nobody has used yet: the attacker has a botnet. */
    freshIp: () => `203.0.${(++attackers >> 8) % 256}.${attackers % 256}`,
    send: (to: string, options: { ip: string; tenantId?: string; purpose?: string }) => {
      const { ip, ...rest } = options;
      return post(service.app, '/api/otp/send', { channel: 'email', to, ...rest }, from(ip));
    },
    verify: (requestId: string, code: string, ip: string) =>
      post(service.app, '/api/otp/verify', { requestId, code }, from(ip)),
    /** The code of a request, read by the one person who can: the newest message in the mailbox. */
    readCode: async (to: string, sent: { json: () => unknown }) => {
      const { requestId } = sent.json() as SendOtpResponse;
      const known = codesSeen.get(service) ?? [];
      const code = await eventually(async () => {
        const messages = (await service.dependencies.outbox?.messagesTo(to)) as OutboxMessage[];
        const codes = messages.map(({ body }) => /\d{6}/.exec(body)?.[0] ?? '');
        const fresh = codes.length > known.length ? codes[0] : undefined;
        if (!fresh) throw new Error('nothing has arrived yet');
        return fresh;
      });
      codesSeen.set(service, [...known, code]);
      return { requestId, code };
    },
  };
}

const codesSeen = new WeakMap<object, string[]>();

/** A code that is not this one. */
export function wrong(code: string): string {
  return code === '000000' ? '111111' : '000000';
}
