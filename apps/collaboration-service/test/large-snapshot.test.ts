import { randomUUID } from 'node:crypto';
import {
  connectSubscriber,
  redisPresence,
  redisRoomChannel,
  redisUpdateLog,
} from '@kyong/collaboration/adapters/redis';
import { createDocument, findKind, tenantSnapshots } from '@kyong/collaboration/adapters/tenant-database';
import { TenantPools } from '@kyong/postgres';
import { confirmWrites } from '@kyong/redis';
import { tenantMigrations } from '@kyong/tenancy/adapters/tenant-schema';
import { createTestDatabase, createTestRedis } from '@kyong/testing';
import { expect, onTestFinished, test } from 'vitest';
import * as Y from 'yjs';
import { startHistoryThread } from '../src/history-thread.ts';
import { LiveDocuments } from '../src/live-documents.ts';
import { Metrics } from '../src/metrics.ts';
import { startReplicaThread } from '../src/replica-thread.ts';
import { processorTime } from './harness.ts';

test('the snapshot of a large document is made on another thread, which leaves this one to those it serves', async () => {
  const { pool, connection } = await createTestDatabase(tenantMigrations);
  const tenantPools = new TenantPools({
    ...{ maxTenants: 1, maxConnectionsPerTenant: 5, idleTimeoutSeconds: 60, onError: () => {} },
    connectionOf: async () => connection,
  });
  const documentId = randomUUID();
  await createDocument(pool, {
    documentId,
    kind: 'course_planning',
    title: 'A plan',
    userId: randomUUID(),
    limit: 1,
  });
  const redis = createTestRedis('collaboration');
  const subscriber = connectSubscriber(redis, () => {});
  const history = startHistoryThread();
  const replicas = startReplicaThread();
  const now = () => new Date();
  const snapshots = tenantSnapshots(tenantPools);
  const documents = new LiveDocuments({
    log: redisUpdateLog({ redis, confirmed: confirmWrites(redis, 0), server: 'test', now }),
    channel: redisRoomChannel(redis, subscriber, 'test'),
    presence: redisPresence(redis, 'test', 30),
    snapshots,
    createReplica: replicas.create,
    fold: history.fold,
    now,
    metrics: new Metrics(),
    onError: () => {},
    onSnapshot: async () => {},
    kindOf: () => findKind(pool, documentId),
  });
  onTestFinished(async () => {
    await documents.closeAll();
    await history.close();
    await replicas.close();
    await tenantPools.close();
    subscriber.disconnect();
  });

  const document = { tenantId: 'iron-temple', documentId };
  await documents.use(document, 'course_planning', async (live) => {
    await live.room.submit(manySmallEdits(), undefined);
    // The first starts the thread.
    await documents.snapshot(live);
    const doc = new Y.Doc();
    Y.applyUpdate(doc, (await live.room.read()).update);
    await live.room.submit(oneMore(doc), undefined);
    const { update: expected } = await live.room.read();
    Y.applyUpdate(doc, expected);
    const turns = { here: [] as number[], elsewhere: [] as number[] };
    for (let n = 0; n < 4; n++) {
      turns.here.push(await longestTurn(async () => Y.encodeStateAsUpdate(doc)));
      turns.elsewhere.push(await longestTurn(() => documents.snapshot(live)));
    }
    const written = await snapshots.read(document);
    expect(written?.seq).toBe(2);
    expect(new Uint8Array(written?.state ?? [])).toEqual(expected);
    // The least: a collection of garbage is nobody's doing.
    expect(Math.min(...turns.elsewhere)).toBeLessThan(Math.min(...turns.here) / 2);
  });
});

/** One character after another, each somewhere else: what takes longest to encode for its size. */
function manySmallEdits(): Uint8Array {
  const doc = new Y.Doc();
  const text = doc.getText('a');
  doc.transact(() => {
    for (let n = 0, place = 1; n < 60_000; n++) {
      // Lehmer's generator: nothing that Yjs could put together again.
      place = (place * 48_271) % 2_147_483_647;
      text.insert(place % (n + 1), 'x');
    }
  });
  return Y.encodeStateAsUpdate(doc);
}

function oneMore(doc: Y.Doc): Uint8Array {
  const copy = new Y.Doc();
  Y.applyUpdate(copy, Y.encodeStateAsUpdate(doc));
  copy.getText('a').insert(0, 'y');
  return Y.encodeStateAsUpdate(copy, Y.encodeStateVector(doc));
}

/** The most processor time, in microseconds, that this thread spends in one turn of its event loop. */
async function longestTurn(task: () => Promise<unknown>): Promise<number> {
  let longest = 0;
  let isOver = false;
  const turns = (async () => {
    while (!isOver) {
      const spent = await processorTime(() => new Promise((resolve) => setImmediate(resolve)));
      longest = Math.max(longest, spent);
    }
  })();
  await new Promise((resolve) => setImmediate(resolve));
  await task();
  isOver = true;
  await turns;
  return longest;
}
