import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { waitFor } from '@kyong/embedded-servers';
import { createOtp, issue, OtpKeys } from '@kyong/otp';
import { redisOtpStore } from '@kyong/otp/adapters/redis';
import { confirmWrites } from '@kyong/redis';
import type { Cluster } from 'ioredis';
import type { Fault } from '../fault.ts';
import type { Random } from '../random.ts';
import { withService } from './service.ts';

const partitions = 8;
const workers = 2;
/** Longer than the provider's slowest answer and short enough to wait for; a real worker waits longer. */
const abandonedAfterMilliseconds = 5_000;
const drainSeconds = 300;

/** Workers die in the middle of their work while the provider is at its worst. */
export const deliveryKills: Fault = {
  name: 'delivery worker kill -9, provider failing',
  run: (stage) =>
    withService(stage, { fsync: 'always' }, async ({ redis, server }) => {
      const kills = stage.scale === 'full' ? 50 : 2;
      const perKill = 10;
      const provider = await startProvider(stage.random);
      const secret = randomBytes(32);
      const otp = createOtp({
        store: redisOtpStore(confirmWrites(redis, 0)),
        keys: new OtpKeys(secret),
        now: () => new Date(),
      });
      const { host, port, password } = server.endpoint;
      const argument = JSON.stringify({
        redis: { nodes: [{ host, port }], password },
        secret: secret.toString('base64url'),
        provider: provider.url,
        abandonedAfterMilliseconds,
      });
      const start = () =>
        spawn(process.execPath, [join(import.meta.dirname, 'delivery-process.ts'), argument], {
          stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
        });
      const alive: ChildProcess[] = Array.from({ length: workers }, start);
      const sent: string[] = [];
      try {
        for (let kill = 0; kill < kills; kill++) {
          for (let n = 0; n < perKill; n++) {
            const to = `person${kill}.${n}@example.com`;
            const { outcome } = await issue(otp, { channel: 'email', to, purpose: 'login', locale: 'en' });
            if (outcome === 'issued') sent.push(to);
          }
          await sleep(300 + stage.random() * 900);
          const victim = alive.shift();
          victim?.kill('SIGKILL');
          alive.push(start());
        }
        provider.recover();
        await waitFor('Delivering what is queued', drainSeconds, async () =>
          (await count(redis, 'deliveries')) === 0 ? true : undefined,
        ).catch(() => {});
      } finally {
        for (const child of alive) child.kill('SIGKILL');
        provider.stop();
      }
      const delivered = sent.filter((to) => provider.delivered.has(to)).length;
      const dead = await count(redis, 'dead-letters');
      const vanished = Math.max(0, sent.length - delivered - dead);
      return {
        injected: `${kills} kills of ${workers} workers; a provider of ${provider.describe()}`,
        counts: { sent: sent.length, delivered, 'dead letters': dead, vanished },
        held: vanished === 0 && sent.length === kills * perKill,
      };
    }),
};

async function count(redis: Cluster, queue: string): Promise<number> {
  const lengths = Array.from({ length: partitions }, (_, partition) =>
    redis.xlen(`{otp:${partition}}:${queue}`),
  );
  return (await Promise.all(lengths)).reduce((sum, length) => sum + length, 0);
}

/** Answers 500, slowly or never as often as well, until it recovers; knows whom it has sent to. */
async function startProvider(random: Random) {
  const delivered = new Set<string>();
  const answers = { failed: 0, silent: 0, slow: 0, good: 0 };
  let failing = true;
  const server: Server = createServer((request, response) => {
    let text = '';
    request.on('data', (chunk: Buffer) => {
      text += chunk.toString();
    });
    request.on('end', async () => {
      const dice = failing ? random() : 1;
      if (dice < 0.25) {
        answers.failed += 1;
        response.writeHead(500).end();
        return;
      }
      if (dice < 0.35) {
        answers.silent += 1;
        return;
      }
      if (dice < 0.6) {
        answers.slow += 1;
        await sleep(500 + random() * 1_500);
      } else answers.good += 1;
      delivered.add((JSON.parse(text) as { to: string }).to);
      response.writeHead(200).end();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    delivered,
    recover: () => {
      failing = false;
    },
    describe: () =>
      Object.entries(answers)
        .map(([kind, n]) => `${n} ${kind}`)
        .join(', '),
    stop: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
