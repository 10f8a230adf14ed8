import { randomUUID } from 'node:crypto';
import { redisUpdateLog } from '@kyong/collaboration/adapters/redis';
import { confirmWrites, connectRedis, untilReady } from '@kyong/redis';
import { eventually, startTestRedis } from '@kyong/testing';
import type { Cluster } from 'ioredis';
import { expect, it, onTestFinished } from 'vitest';
import { collaborate, createDocument, createWorld } from './harness.ts';

const daySeconds = 86_400;

/** Every key that names the gym, with the seconds it has left: -1 for one that stays. */
async function secondsLeft(redis: Cluster, tenantId: string): Promise<Map<string, number>> {
  const keys = (await Promise.all(redis.nodes('master').map((node) => node.keys(`*${tenantId}*`)))).flat();
  return new Map(await Promise.all(keys.map(async (key) => [key, await redis.ttl(key)] as const)));
}

/** The documents of the gym that wait for a snapshot. */
async function waiting(redis: Cluster, tenantId: string): Promise<string[]> {
  const keys = (await Promise.all(redis.nodes('master').map((node) => node.keys('*:waiting')))).flat();
  const members = await Promise.all(keys.map((key) => redis.zrange(key, '0', '-1')));
  return members.flat().filter((member) => member.startsWith(`${tenantId}/`));
}

it('of a gym that was erased, Redis keeps nothing that does not go by itself within a day', async () => {
  const { host, port, password } = (await startTestRedis()).endpoint;
  const connectTo = () => {
    const client = connectRedis({ nodes: [{ host, port }], password }, () => {});
    onTestFinished(() => client.disconnect());
    return client;
  };
  let now = () => new Date();
  const world = await createWorld({ redis: connectTo, now: () => now() });
  const { tenantId } = await world.createGym();
  const token = await world.token(tenantId, { role: 'gym_owner' });

  // One document that was looked at, one that was edited and has a snapshot, one whose server died with an edit.
  const server = await world.startServer();
  const [seen, edited] = [await createDocument(server, token), await createDocument(server, token)];
  const client = collaborate(server.url, async () => token);
  const sessions = await Promise.all([seen, edited].map((documentId) => client.open(documentId)));
  await Promise.all(sessions.map((session) => session.synced()));
  sessions[1]?.doc.getMap('edits').set('one', 1);
  await eventually(() => expect(sessions.every(({ isSaved }) => isSaved)).toBe(true));
  await client.close();
  await server.stop();
  const redis = connectTo();
  await untilReady(redis);
  const log = redisUpdateLog({ redis, confirmed: confirmWrites(redis, 0), server: 'diedhere', now });
  const orphan = { tenantId, documentId: randomUUID() };
  await log.begin(orphan, { from: 0, seq: 0 });
  await log.append(orphan, new Uint8Array([0, 0]));
  const ofOrphan = [...(await secondsLeft(redis, tenantId))].filter(([key]) =>
    key.includes(orphan.documentId),
  );
  expect(ofOrphan.map(([, seconds]) => seconds)).toEqual([-1, -1]);
  expect(await waiting(redis, tenantId)).toEqual([`${tenantId}/${orphan.documentId}`]);

  // As long as the gym may come back, its edits wait for it.
  world.closed.add(tenantId);
  now = () => new Date(Date.now() + 120_000);
  await world.startServer();
  expect(await waiting(redis, tenantId)).toHaveLength(1);

  world.gyms.delete(tenantId);
  await world.startServer();
  // At its start, or at the next look of a server that had no Redis yet.
  await eventually(async () => expect(await waiting(redis, tenantId)).toEqual([]));
  const left = await secondsLeft(redis, tenantId);
  expect([...left.keys()].filter((key) => key.includes(orphan.documentId))).toEqual([]);
  expect([...left.keys()].some((key) => key.includes(seen))).toBe(true);
  for (const [key, seconds] of left) {
    expect(seconds, key).toBeGreaterThan(0);
    expect(seconds, key).toBeLessThanOrEqual(daySeconds);
  }
});
