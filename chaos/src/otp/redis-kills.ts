import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import type { Fault } from '../fault.ts';
import { type SentCode, type Service, withService } from './service.ts';

const clients = 20;
const partitions = 8;

/** What the clients were told. What they were not told (an error) may have happened or not. */
interface Told {
  sent: SentCode[];
  /** Handed in, and nobody knows what became of it. */
  uncertain: Set<string>;
  accepted: Map<string, number>;
  errors: number;
}

/** Redis dies under load and comes back, again and again. */
export const redisKills: Fault = {
  name: 'Redis kill -9 under load',
  run: (stage) =>
    withService(stage, { fsync: 'always' }, async (service) => {
      const kills = stage.scale === 'full' ? 20 : 1;
      const told: Told = { sent: [], uncertain: new Set(), accepted: new Map(), errors: 0 };
      const load = new AbortController();
      const running = Array.from({ length: clients }, (_, client) =>
        runClient(service, told, client, load.signal),
      );
      for (let kill = 0; kill < kills; kill++) {
        await sleep(200 + stage.random() * 400);
        const pid = Number(/process_id:(\d+)/.exec(await service.redis.info('server'))?.[1]);
        process.kill(pid, 'SIGKILL');
        await sleep(stage.random() * 300);
        await service.server.start(() => {});
        if (service.redis.status !== 'ready') await once(service.redis, 'ready');
      }
      await sleep(300);
      load.abort();
      await Promise.all(running);

      const counts = { ...(await countLosses(service, told)), 'errors told': told.errors };
      return {
        injected: `${kills} kills of a Redis with fsync always, ${clients} clients sending and verifying`,
        counts: { 'codes acknowledged': told.sent.length, ...counts },
        held:
          counts['acknowledged codes lost'] === 0 &&
          counts['accepted twice'] === 0 &&
          counts['sends lost'] === 0 &&
          told.sent.length > 0,
      };
    }),
};

async function runClient(service: Service, told: Told, client: number, signal: AbortSignal): Promise<void> {
  for (let n = 0; !signal.aborted; n++) {
    try {
      const sent = await service.send(`person${client}.${n}@example.com`);
      told.sent.push(sent);
      // Every other one is handed in at once; the rest must still be good at the end.
      if (n % 2 === 0) await handIn(service, told, sent);
    } catch {
      told.errors += 1;
      await sleep(20);
    }
  }
}

async function handIn(service: Service, told: Told, { requestId, code }: SentCode): Promise<void> {
  try {
    const { outcome } = await service.verify(requestId, code);
    if (outcome === 'correct') told.accepted.set(requestId, (told.accepted.get(requestId) ?? 0) + 1);
  } catch (error) {
    told.uncertain.add(requestId);
    throw error;
  }
}

async function countLosses(service: Service, told: Told) {
  const queued = await queuedAddresses(service);
  const sendsLost = told.sent.filter(({ to }) => !queued.has(to)).length;
  let codesLost = 0;
  for (const sent of told.sent) {
    const before = told.accepted.get(sent.requestId) ?? 0;
    await handIn(service, told, sent);
    const after = told.accepted.get(sent.requestId) ?? 0;
    if (before + after === 0 && !told.uncertain.has(sent.requestId)) codesLost += 1;
  }
  const twice = [...told.accepted.values()].filter((count) => count > 1).length;
  return { 'acknowledged codes lost': codesLost, 'accepted twice': twice, 'sends lost': sendsLost };
}

/** To whom a message is queued; nobody has taken any off. */
async function queuedAddresses({ redis, keys }: Service): Promise<Set<string>> {
  const node = redis.nodes('master')[0] as Redis;
  const addresses = new Set<string>();
  for (let partition = 0; partition < partitions; partition++)
    for (const [, fields] of await node.xrange(`{otp:${partition}}:deliveries`, '-', '+')) {
      const opened = keys.open('delivery', fields[fields.indexOf('delivery') + 1] ?? '');
      if (opened !== undefined) addresses.add((JSON.parse(opened) as { to: string }).to);
    }
  return addresses;
}
