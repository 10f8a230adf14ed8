import { setTimeout as sleep } from 'node:timers/promises';
import type { Socket } from 'socket.io-client';
import * as Y from 'yjs';
import { type Fault, mebibyte } from '../fault.ts';
import { World } from './world.ts';

/** A pause that a person notices while they type. */
const noticedMilliseconds = 250;
const pollMilliseconds = 10;

/**
 * One gym makes work that is dear and cheap to ask for; another one asks for its list of documents all the while. What the
 * first does is refused, or waits, and the other waits for none of it.
 */
export const costlyGym: Fault = {
  name: 'a gym that makes work',
  run: async (stage) => {
    await using world = await World.start(stage, { redis: 'single', servers: 1 });
    const [server] = world.servers;
    const url = server?.url ?? '';
    const edits = stage.scale === 'full' ? 100_000 : 25_000;
    const times = stage.scale === 'full' ? 60 : 20;
    const token = await world.token('gym-a');
    const documentId = await world.createDocument(token);
    await fill(world, token, documentId, edits);
    const victim = await world.token('gym-b');
    await world.createDocument(victim);

    const before = (await server?.rss()) ?? 0;
    const counts: Record<string, number> = {};
    let slowest = 0;
    const beside = async (name: string, attack: () => Promise<unknown>) => {
      const waited = await slowestAnswer(url, victim, attack);
      counts[`ms: ${name}`] = Math.round(waited);
      return waited;
    };
    const attacks: [name: string, attack: () => Promise<unknown>][] = [
      ['syncs', () => manySyncs(world, token, documentId, times)],
      ['refused edits', () => refusedEdits(world, token, documentId, times / 10)],
      ['opening it again', () => openAgain(world, token, documentId)],
      ['versions', () => keepVersions(url, token, documentId, 3)],
    ];
    await beside('nothing', () => sleep(1_000));
    for (const [name, attack] of attacks) slowest = Math.max(slowest, await beside(name, attack));
    const sockets = await openSockets(world, token, 150);
    counts['sockets of one person'] = sockets.length;
    for (const socket of sockets) socket.disconnect();
    counts['MiB before'] = Math.round(before / mebibyte);
    counts['MiB after'] = Math.round(((await server?.rss()) ?? 0) / mebibyte);
    return {
      injected: `${times} syncs of a document of ${edits.toLocaleString('en')} edits, edits that are refused, versions, sockets`,
      counts,
      held: server?.isRunning === true && slowest < noticedMilliseconds && sockets.length < 150,
    };
  },
};

/** The longest that another gym's request took while `attack` ran, in ms. */
async function slowestAnswer(url: string, token: string, attack: () => Promise<unknown>): Promise<number> {
  let isOver = false;
  let slowest = 0;
  const asking = (async () => {
    while (!isOver) {
      const startedAt = performance.now();
      const answer = await fetch(`${url}/api/collaboration/documents`, {
        headers: { authorization: `Bearer ${token}` },
      });
      if (!answer.ok) throw new Error(`The other gym was answered ${answer.status}.`);
      await answer.arrayBuffer();
      slowest = Math.max(slowest, performance.now() - startedAt);
      await sleep(pollMilliseconds);
    }
  })();
  try {
    await attack();
  } finally {
    isOver = true;
    await asking;
  }
  return slowest;
}

/** Characters, each somewhere else, in a part without a schema: what is dearest to read and write for its size. */
async function fill(world: World, token: string, documentId: string, edits: number): Promise<void> {
  const client = world.client(token);
  const session = await client.open(documentId);
  await session.synced();
  const text = session.doc.getText('free');
  for (let n = 0, place = 1; n < edits; ) {
    session.doc.transact(() => {
      for (const end = n + 5_000; n < end; n++) {
        place = (place * 48_271) % 2_147_483_647;
        text.insert(place % (n + 1), 'x');
      }
    });
    while (!session.isSaved) await sleep(10);
  }
  client.close();
}

async function enter(world: World, token: string, documentId: string): Promise<Socket> {
  const socket = await world.socket(token);
  await socket.timeout(20_000).emitWithAck('document:join', { documentId });
  return socket;
}

/** Each says that it has one edit of nobody, and is answered with everything. */
async function manySyncs(world: World, token: string, documentId: string, times: number): Promise<void> {
  const socket = await enter(world, token, documentId);
  const stateVector = Uint8Array.of(1, 5, 1);
  await Promise.race([
    new Promise<void>((resolve) => socket.once('disconnect', () => resolve())),
    Promise.all(
      Array.from({ length: times }, () =>
        socket
          .timeout(20_000)
          .emitWithAck('document:sync', { documentId, stateVector })
          .catch(() => {}),
      ),
    ),
  ]);
  socket.disconnect();
}

async function refusedEdits(world: World, token: string, documentId: string, times: number): Promise<void> {
  const doc = new Y.Doc();
  doc.getMap('course.outline').set('title', 5);
  const update = Y.encodeStateAsUpdate(doc);
  for (let n = 0; n < times; n++) {
    const socket = await enter(world, token, documentId).catch(() => undefined);
    await socket
      ?.timeout(20_000)
      .emitWithAck('document:update', { documentId, update })
      .catch(() => {});
    socket?.disconnect();
  }
}

/** After it was closed: longer than it stays open with nobody in it. */
async function openAgain(world: World, token: string, documentId: string): Promise<void> {
  await sleep(7_500);
  (await enter(world, token, documentId)).disconnect();
}

async function keepVersions(url: string, token: string, documentId: string, count: number): Promise<void> {
  await Promise.all(
    Array.from({ length: count }, async (_, n) => {
      const answer = await fetch(`${url}/api/collaboration/documents/${documentId}/history`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        body: JSON.stringify({ name: `version ${n}` }),
      });
      await answer.arrayBuffer();
    }),
  );
}

async function openSockets(world: World, token: string, count: number): Promise<Socket[]> {
  const opened = await Promise.allSettled(Array.from({ length: count }, () => world.socket(token)));
  await sleep(200);
  return opened
    .flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
    .filter(({ connected }) => connected);
}
