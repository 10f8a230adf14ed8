import type { RedisCluster, RedisServer } from '@kyong/embedded-servers';
import { eventually, startTestRedisCluster } from '@kyong/testing';
import { type Cluster, Redis } from 'ioredis';
import { expect, onTestFinished, test } from 'vitest';
import { confirmWrites, connectRedis, NotConfirmed, untilReady } from '../src/index.ts';

const key = '{document}:updates';

async function connect({ servers, password }: RedisCluster): Promise<Cluster> {
  const nodes = servers.map(({ endpoint: { host, port } }) => ({ host, port }));
  const redis = connectRedis({ nodes, password }, () => {});
  onTestFinished(() => redis.disconnect());
  await untilReady(redis);
  return redis;
}

/** The two servers that have the key, and clients of them. */
async function holdersOf({ servers }: RedisCluster) {
  const holders: Record<string, { server: RedisServer; client: Redis }> = {};
  for (const server of servers) {
    const client = new Redis(server.endpoint);
    client.on('error', () => {});
    onTestFinished(() => client.disconnect());
    await client.readonly();
    const role = String((await client.role())[0]);
    // A server that has not this key's slot says who has.
    const has = await client.exists(key).catch(() => undefined);
    if (has !== undefined) holders[role] = { server, client };
  }
  const { master: primary, slave: replica } = holders;
  if (!primary || !replica) throw new Error('Nobody has the key.');
  return { primary, replica };
}

test('a write is answered for when a replica has it, and many writes share one confirmation', async () => {
  const cluster = await startTestRedisCluster();
  const { primary, replica } = await holdersOf(cluster);
  const write = confirmWrites(await connect(cluster), 1);
  await Promise.all(Array.from({ length: 200 }, (_, n) => write(key, (redis) => redis.rpush(key, n))));
  expect(await replica.client.llen(key)).toBe(200);
  const calls = /cmdstat_wait:calls=(\d+)/.exec(await primary.client.info('commandstats'))?.[1];
  expect(Number(calls)).toBeLessThan(10);

  // With the replica silent nothing is answered for, and nobody waits for long.
  replica.server.signal('SIGSTOP');
  const startedAt = performance.now();
  await expect(write(key, (redis) => redis.rpush(key, 'unconfirmed'))).rejects.toThrow(NotConfirmed);
  expect(performance.now() - startedAt).toBeLessThan(2_000);
  replica.server.signal('SIGCONT');
  await eventually(() => write(key, (redis) => redis.rpush(key, 'confirmed')));
});

test('a confirmation over another connection than the write is none: the write is done again', async () => {
  const cluster = await startTestRedisCluster();
  const { primary, replica } = await holdersOf(cluster);
  const write = confirmWrites(await connect(cluster), 1);
  const field = 'operation';
  let runs = 0;
  await write(key, async (redis) => {
    await redis.hset(key, field, 'done');
    runs += 1;
    if (runs === 1) await primary.client.call('CLIENT', 'KILL', 'TYPE', 'normal');
  });
  expect(runs).toBe(2);
  expect(await replica.client.hget(key, field)).toBe('done');
});

test('what was confirmed outlasts the primary, and one without a replica confirms nothing', async () => {
  const cluster = await startTestRedisCluster();
  const { primary, replica } = await holdersOf(cluster);
  const redis = await connect(cluster);
  const write = confirmWrites(redis, 1);
  const confirmed: number[] = [];
  let next = 0;
  const add = async () => {
    const value = next++;
    await write(key, (target) => target.sadd(key, value));
    confirmed.push(value);
  };
  // Until the primary is gone.
  const client = async () => {
    for (;;) await add();
  };
  const running = Promise.allSettled(Array.from({ length: 10 }, client));
  await eventually(() => expect(confirmed.length).toBeGreaterThan(100));
  primary.server.signal('SIGKILL');
  expect((await running).every(({ status }) => status === 'rejected')).toBe(true);

  await eventually(async () => expect((await replica.client.role())[0]).toBe('master'));
  const kept = await replica.client.smembers(key);
  expect(confirmed.filter((value) => !kept.includes(String(value)))).toEqual([]);
  await expect(add()).rejects.toThrow(NotConfirmed);

  await primary.server.start(() => {});
  await eventually(add);
});
