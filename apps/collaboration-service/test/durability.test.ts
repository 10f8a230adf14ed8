import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { DocumentSession } from '@kyong/collaboration/client';
import type { RedisServer } from '@kyong/embedded-servers';
import { confirmWrites, connectRedis, type RedisConnection } from '@kyong/redis';
import { startTestRedis, startTestRedisCluster } from '@kyong/testing';
import { expect, it, onTestFinished, vi } from 'vitest';
import { collaborate, createDocument, createWorld } from './harness.ts';

/** Two people on two servers, on a Redis of the test's own. */
async function createEditors(nodes: RedisConnection['nodes'], password: string, replicas: number) {
  const connectTo = () => {
    const redis = connectRedis({ nodes, password }, () => {});
    onTestFinished(() => redis.disconnect());
    return redis;
  };
  const world = await createWorld({ redis: connectTo, confirmed: confirmWrites(connectTo(), replicas) });
  const servers = [await world.startServer(), await world.startServer()];
  const { tenantId, pool } = await world.createGym();
  const token = await world.token(tenantId, { role: 'gym_owner' });
  const documentId = await createDocument(servers[0] as (typeof servers)[0], token, 'course_planning');
  const open = async (url: string) => {
    const client = collaborate(url, async () => token);
    const session = await client.open(documentId);
    await session.synced();
    return session;
  };
  const sessions = await Promise.all(servers.map(({ url }) => open(url)));
  return { world, servers, sessions, open, documentId, pool };
}

const endpointOf = ({ endpoint: { host, port, password } }: RedisServer) =>
  ({ nodes: [{ host, port }], password }) as const;

const valuesOf = ({ doc }: DocumentSession) => Object.keys(doc.getMap('edits').toJSON()).length;

/** Each session writes so many entries, one now and then; resolves when all are acknowledged. */
async function edit(sessions: DocumentSession[], name: string, count: number, everyMilliseconds: number) {
  await Promise.all(
    sessions.map(async (session, index) => {
      for (let n = 0; n < count; n++) {
        session.doc.getMap('edits').set(`${name}-${index}-${n}`, n);
        await pause(everyMilliseconds);
      }
    }),
  );
  await vi.waitFor(
    () => expect(sessions.map(({ isSaved }) => isSaved)).toEqual(sessions.map(() => true)),
    30_000,
  );
}

it('Redis dies and comes back under editing: nothing is lost', async () => {
  const redis = await startTestRedis();
  const { nodes, password } = endpointOf(redis);
  const { sessions, open, servers } = await createEditors([...nodes], password, 0);
  const editing = edit(sessions, 'a', 100, 20);
  await pause(500);
  redis.signal('SIGKILL');
  await pause(300);
  await redis.start(() => {});
  await editing;
  await vi.waitFor(() => expect(sessions.map(valuesOf)).toEqual([200, 200]), 10_000);
  expect(valuesOf(await open(servers[0]?.url ?? ''))).toBe(200);
});

it('Redis loses everything: what servers and people have goes back, and what a snapshot has needs neither', async () => {
  const redis = await startTestRedis();
  const { nodes, password } = endpointOf(redis);
  const { sessions, open, servers, world, documentId, pool } = await createEditors([...nodes], password, 0);
  await edit(sessions, 'a', 20, 5);
  const loseEverything = async () => {
    redis.signal('SIGKILL');
    await vi.waitFor(() => expect(redis.isRunning).toBe(false));
    rmSync(join(redis.directory, 'appendonlydir'), { recursive: true });
    await redis.start(() => {});
  };
  await loseEverything();
  await edit(sessions, 'b', 20, 5);
  await vi.waitFor(() => expect(sessions.map(valuesOf)).toEqual([80, 80]), 30_000);
  expect(valuesOf(await open(servers[1]?.url ?? ''))).toBe(80);

  // Everybody leaves, and servers that stop in order leave a snapshot.
  for (const session of sessions) session.close();
  await Promise.all(servers.map((server) => server.stop()));
  await loseEverything();
  const { rows } = await pool.query('SELECT seq FROM document_snapshots WHERE document_id = $1', [
    documentId,
  ]);
  expect(Number(rows[0].seq)).toBeGreaterThan(0);
  const next = await world.startServer();
  expect(valuesOf(await open(next.url))).toBe(80);
});

it('a primary of three dies under editing and its replica takes over: nothing acknowledged is lost', async () => {
  const cluster = await startTestRedisCluster();
  const [first] = cluster.servers;
  const nodes = cluster.servers.map(({ endpoint: { host, port } }) => ({ host, port }));
  const { sessions, open, servers } = await createEditors(nodes, first?.endpoint.password ?? '', 1);
  const editing = edit(sessions, 'a', 150, 30);
  await pause(300);
  // Whichever has the document: all three, one after the other, come and go.
  for (const server of await cluster.primaries()) {
    server.signal('SIGKILL');
    await pause(2_500);
    await server.start(() => {});
    await cluster.whole(20);
  }
  await editing;
  await vi.waitFor(() => expect(sessions.map(valuesOf)).toEqual([300, 300]), 30_000);
  expect(valuesOf(await open(servers[0]?.url ?? ''))).toBe(300);
});
