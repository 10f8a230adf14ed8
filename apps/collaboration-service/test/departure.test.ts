import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { redisUpdateLog } from '@kyong/collaboration/adapters/redis';
import type { Pool } from '@kyong/postgres';
import { confirmWrites, connectRedis } from '@kyong/redis';
import { eventually, startTestRedis } from '@kyong/testing';
import type { Cluster } from 'ioredis';
import { expect, it, onTestFinished } from 'vitest';
import * as Y from 'yjs';
import { collaborate, connect, createDocument, createWorld } from './harness.ts';

/** A Redis of its own: servers of other tests would take what waits here for that of gyms that are gone. */
async function createWorldAlone() {
  const { host, port, password } = (await startTestRedis()).endpoint;
  const redis = connectRedis({ nodes: [{ host, port }], password }, () => {});
  onTestFinished(() => redis.disconnect());
  // A server looks for what waits when it starts, and then every 15 seconds.
  await once(redis, 'ready');
  return { ...(await createWorld({ redis: () => redis })), redis };
}

const longAgo = () => new Date(Date.now() - 3_600_000);

/** An edit as a server leaves it behind that dies before its snapshot. */
async function leaveEdit(redis: Cluster, tenantId: string, documentId: string): Promise<void> {
  const confirmed = confirmWrites(redis, 0);
  const log = redisUpdateLog({ redis, confirmed, server: 'diedhere', now: longAgo });
  const doc = new Y.Doc();
  doc.getMap('edits').set('last', 'words');
  await log.begin({ tenantId, documentId }, { from: 0, seq: 0 });
  await log.append({ tenantId, documentId }, Y.encodeStateAsUpdate(doc));
}

async function insertDocument(pool: Pool, documentId: string): Promise<void> {
  await pool.query(
    "INSERT INTO documents (document_id, kind, title, created_by) VALUES ($1, 'schedule_management', 'Week 12', 'somebody')",
    [documentId],
  );
}

async function saved(pool: Pool, documentId: string): Promise<unknown> {
  const { rows } = await pool.query<{ state: Buffer }>(
    'SELECT state FROM document_snapshots WHERE document_id = $1',
    [documentId],
  );
  const doc = new Y.Doc();
  if (rows[0]) Y.applyUpdate(doc, rows[0].state);
  return doc.getMap('edits').toJSON();
}

it('of a gym that leaves, everything that was acknowledged is in its database before it is said to be', async () => {
  const world = await createWorldAlone();
  const { tenantId, pool } = await world.createGym();
  const token = await world.token(tenantId, { role: 'gym_owner' });
  const server = await world.startServer();
  const documentId = await createDocument(server, token);
  const abandoned = randomUUID();
  await insertDocument(pool, abandoned);
  await leaveEdit(world.redis, tenantId, abandoned);
  const client = collaborate(server.url, async () => token);
  const session = await client.open(documentId);
  await session.synced();
  session.doc.getMap('edits').set('last', 'words');
  await eventually(() => expect(session.isSaved).toBe(true));
  expect(await saved(pool, documentId)).toEqual({});

  world.leaving.set(tenantId, { edits: 'awaited' });
  await eventually(() => expect(world.leaving.get(tenantId)).toEqual({ edits: 'saved' }));
  for (const each of [documentId, abandoned]) expect(await saved(pool, each)).toEqual({ last: 'words' });
  // To people it is closed all the while.
  const refusal = await new Promise((resolve) => connect(server.url, token).once('connect_error', resolve));
  expect(refusal).toBeInstanceOf(Error);
});

it('a gym whose edits cannot be saved is not said to be', async () => {
  const world = await createWorldAlone();
  const { tenantId, pool } = await world.createGym();
  const documentId = randomUUID();
  await insertDocument(pool, documentId);
  await leaveEdit(world.redis, tenantId, documentId);
  // Somebody who is thought to be writing it.
  await pool.query(
    `INSERT INTO document_snapshots (document_id, state, seq, lease_fence, leased_until)
     VALUES ($1, '\\x0000', 0, 1, now() + interval '1 hour')`,
    [documentId],
  );
  world.leaving.set(tenantId, { edits: 'awaited' });
  await world.startServer();
  const other = await world.createGym();
  world.leaving.set(other.tenantId, { edits: 'awaited' });
  // Those after it have their turn.
  await eventually(() => expect(world.leaving.get(other.tenantId)).toEqual({ edits: 'saved' }));
  expect(world.leaving.get(tenantId)).toEqual({ edits: 'awaited' });
  await pool.query("UPDATE document_snapshots SET leased_until = '-infinity'");
  await eventually(() => expect(world.leaving.get(tenantId)).toEqual({ edits: 'saved' }));
  expect(await saved(pool, documentId)).toEqual({ last: 'words' });
});

it('documents of gyms that are closed keep nobody else’s from being saved', async () => {
  const world = await createWorldAlone();
  const [closed, open] = [await world.createGym(), await world.createGym()];
  // Ids decide where documents are looked for: these come first.
  const inFirstPartition = () => `00${randomUUID().slice(2)}`;
  const many = Array.from({ length: 30 }, inFirstPartition);
  await Promise.all(many.map((documentId) => leaveEdit(world.redis, closed.tenantId, documentId)));
  const documentId = `3f${randomUUID().slice(2)}`;
  await insertDocument(open.pool, documentId);
  await leaveEdit(world.redis, open.tenantId, documentId);
  world.closed.add(closed.tenantId);
  await world.startServer();
  await eventually(async () => expect(await saved(open.pool, documentId)).toEqual({ last: 'words' }));
});
