import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { DocumentSession } from '@kyong/collaboration/client';
import type { RedisServer } from '@kyong/embedded-servers';
import { confirmWrites, connectRedis, type RedisConnection } from '@kyong/redis';
import { eventually, startTestRedis, startTestRedisCluster } from '@kyong/testing';
import { expect, it, onTestFinished } from 'vitest';
import * as Y from 'yjs';
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
  await eventually(() => expect(sessions.map(({ isSaved }) => isSaved)).toEqual(sessions.map(() => true)));
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
  await eventually(() => expect(sessions.map(valuesOf)).toEqual([200, 200]));
  expect(valuesOf(await open(servers[0]?.url ?? ''))).toBe(200);
});

it('Redis loses everything: what servers and people have goes back, and what a snapshot has needs neither', async () => {
  const redis = await startTestRedis();
  const { nodes, password } = endpointOf(redis);
  const { sessions, open, servers, world, documentId, pool } = await createEditors([...nodes], password, 0);
  await edit(sessions, 'a', 20, 5);
  const loseEverything = async () => {
    redis.signal('SIGKILL');
    await eventually(() => expect(redis.isRunning).toBe(false));
    rmSync(join(redis.directory, 'appendonlydir'), { recursive: true });
    await redis.start(() => {});
  };
  await loseEverything();
  await edit(sessions, 'b', 20, 5);
  await eventually(() => expect(sessions.map(valuesOf)).toEqual([80, 80]));
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

/** A server whose clock the test moves, and somebody who edits. */
async function createEditor() {
  let ahead = 0;
  const world = await createWorld({ now: () => new Date(Date.now() + ahead) });
  const server = await world.startServer();
  const { tenantId, pool } = await world.createGym();
  const token = await world.token(tenantId, { role: 'gym_owner' });
  const documentId = await createDocument(server, token, 'course_planning');
  const session = await collaborate(server.url, async () => token).open(documentId);
  await session.synced();
  const write = async (name: string) => {
    session.doc.getMap('edits').set(name, true);
    await eventually(() => expect(session.isSaved).toBe(true));
  };
  const snapshot = async () => {
    const { rows } = await pool.query('SELECT state FROM document_snapshots WHERE document_id = $1', [
      documentId,
    ]);
    const doc = new Y.Doc();
    if (rows[0]) Y.applyUpdate(doc, rows[0].state);
    return Object.keys(doc.getMap('edits').toJSON());
  };
  const passTenSeconds = () => {
    ahead += 10_000;
  };
  return { server, pool, documentId, write, snapshot, passTenSeconds };
}

it('an edit that comes while a snapshot is written is in the next one', async () => {
  const { server, pool, documentId, write, snapshot, passTenSeconds } = await createEditor();
  await write('before');
  const client = await pool.connect();
  // Lets the lease be taken, and not the snapshot be written.
  await client.query('BEGIN');
  await client.query('SELECT FROM documents WHERE document_id = $1 FOR NO KEY UPDATE', [documentId]);
  passTenSeconds();
  await eventually(async () => {
    const { rows } = await pool.query(
      "SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'",
    );
    expect(rows).toHaveLength(1);
  });
  await write('meanwhile');
  await client.query('COMMIT');
  client.release();
  await eventually(async () => expect(await snapshot()).toEqual(['before']));
  await server.stop();
  expect(await snapshot()).toEqual(['before', 'meanwhile']);
});

it('a server that stops while another writes the snapshot waits for its turn', async () => {
  const { server, pool, documentId, write, snapshot } = await createEditor();
  await write('last');
  await pool.query(
    `INSERT INTO document_snapshots (document_id, state, seq, lease_fence, leased_until)
     VALUES ($1, $2, 0, 1, clock_timestamp() + interval '1 second')`,
    [documentId, Buffer.of(0, 0)],
  );
  await server.stop();
  expect(await snapshot()).toEqual(['last']);
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
  await eventually(() => expect(sessions.map(valuesOf)).toEqual([300, 300]));
  expect(valuesOf(await open(servers[0]?.url ?? ''))).toBe(300);
});
