import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import * as Y from 'yjs';
import { type Fault, mebibyte, smallestTaskMebibytes } from '../fault.ts';
import type { Random } from '../random.ts';
import { work } from './honest-work.ts';
import { enterRawSocket, openRawSocket } from './raw-socket.ts';
import { World } from './world.ts';

interface Attack {
  name: string;
  run: (
    world: World,
    context: { token: string; documentId: string; random: Random; scale: number },
  ) => Promise<void>;
}

const attacks: Attack[] = [
  {
    name: 'no function for the answer, wrong types',
    run: async (world, { token, documentId, scale }) => {
      const payloads = [
        undefined,
        null,
        7,
        'x',
        [],
        {},
        { documentId },
        { documentId, update: 'text' },
        { documentId: {} },
      ];
      for (let n = 0; n < 20 * scale; n++) {
        const socket = await world.socket(token);
        for (const event of [
          'document:join',
          'document:update',
          'document:sync',
          'awareness:update',
          '__proto__',
        ])
          socket.emit(event, payloads[n % payloads.length]);
        await sleep(5);
        socket.disconnect();
      }
    },
  },
  {
    name: 'payloads of 10 MB',
    run: async (world, { token, documentId, scale }) => {
      for (let n = 0; n < 3 * scale; n++) {
        const socket = await world.socket(token);
        socket.emit('document:update', { documentId, update: new Uint8Array(10 * mebibyte) });
        await Promise.race([once(socket as never, 'disconnect'), sleep(3_000)]);
        socket.disconnect();
      }
    },
  },
  {
    name: '10,000 joins a second',
    run: async (world, { token, documentId, scale }) => {
      for (let second = 0; second < scale; second++) {
        const socket = await world.socket(token);
        for (let n = 0; n < 10_000; n++) socket.emit('document:join', { documentId }, () => {});
        await Promise.race([once(socket as never, 'disconnect'), sleep(3_000)]);
        socket.disconnect();
      }
    },
  },
  {
    name: 'readers that stop reading',
    run: async (world, { token, documentId, scale }) => {
      const readers = await Promise.all(
        Array.from({ length: 10 * scale }, async () => {
          const socket = await enterRawSocket(world, token);
          socket.send(`420["document:join",{"documentId":"${documentId}"}]`);
          await sleep(20);
          socket.pause();
          return socket;
        }),
      );
      const writer = await world.client(token).open(documentId);
      await writer.synced();
      for (let n = 0; n < 60; n++) {
        writer.doc.getMap('large').set('value', 'x'.repeat(100_000));
        await sleep(30);
      }
      writer.doc.getMap('large').delete('value');
      for (const socket of readers) socket.terminate();
    },
  },
  {
    name: 'half-open sockets',
    run: async (world, { scale }) => {
      const port = Number(new URL(world.balancer.url).port);
      const sockets = Array.from({ length: 200 * scale }, () =>
        connect(port, '127.0.0.1').on('error', () => {}),
      );
      for (const socket of sockets)
        socket.write(
          'GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nhost: x\r\nupgrade: websocket\r\n',
        );
      const silent = await Promise.all(Array.from({ length: 50 * scale }, () => openRawSocket(world)));
      await sleep(1_000);
      for (const socket of sockets) socket.destroy();
      for (const socket of silent) socket.terminate();
    },
  },
  {
    name: 'Yjs bombs',
    run: async (world, { token, documentId, random, scale }) => {
      for (let n = 0; n < 20 * scale; n++) {
        const socket = await world.socket(token);
        socket.on('disconnect', () => {});
        await socket
          .timeout(3_000)
          .emitWithAck('document:join', { documentId })
          .catch(() => {});
        const update = bombs[n % bombs.length]?.(random) ?? new Uint8Array();
        await socket
          .timeout(3_000)
          .emitWithAck('document:update', { documentId, update })
          .catch(() => {});
        socket.disconnect();
      }
    },
  },
];

const bombs: ((random: Random) => Uint8Array)[] = [
  // Many clients, all of whose edits build on edits that are nowhere.
  (random) => {
    const updates = Array.from({ length: 200 }, () => {
      const doc = new Y.Doc();
      doc.clientID = Math.floor(random() * 2 ** 31);
      doc.getText('a').insert(0, 'a');
      const before = Y.encodeStateVector(doc);
      doc.getText('a').insert(1, 'b');
      return Y.encodeStateAsUpdate(doc, before);
    });
    return Y.mergeUpdates(updates);
  },
  // Types within types.
  () => {
    const doc = new Y.Doc();
    let map = doc.getMap('deep');
    doc.transact(() => {
      for (let depth = 0; depth < 10_000; depth++) {
        const inner = new Y.Map();
        map.set('x', inner);
        map = inner;
      }
    });
    return Y.encodeStateAsUpdate(doc);
  },
  // Documents within the document.
  () => {
    const doc = new Y.Doc();
    doc.transact(() => {
      for (let n = 0; n < 2_000; n++) doc.getMap('docs').set(`${n}`, new Y.Doc());
    });
    return Y.encodeStateAsUpdate(doc);
  },
  // A count of billions, and nothing behind it.
  () => Uint8Array.from([0xff, 0xff, 0xff, 0xff, 0x0f, 1, 1, 1]),
  (random) => Uint8Array.from({ length: 2_000 }, () => Math.floor(random() * 256)),
];

/** Everything that clients should not do, while two people go on with their work. */
export const hostileClients: Fault = {
  name: 'hostile clients',
  run: async (stage) => {
    const scale = stage.scale === 'full' ? 10 : 1;
    await using world = await World.start(stage, { redis: 'single', servers: 1 });
    const [server] = world.servers;
    const token = await world.token('gym-a');
    const documentId = await world.createDocument(token);
    const honest = await work(world, token, await world.createDocument(token));
    const before = (await server?.rss()) ?? 0;
    let most = before;
    const lines: string[] = [];
    for (const { name, run } of attacks) {
      await run(world, { token, documentId, random: stage.random, scale });
      const rss = (await server?.rss()) ?? 0;
      most = Math.max(most, rss);
      lines.push(`${name}: ${Math.round(rss / mebibyte)} MiB`);
    }
    const { edits, unanswered, slowest } = await honest.stop();
    const mostMebibytes = Math.round(most / mebibyte);
    return {
      injected: `${lines.join('; ')} (memory of the process after each; before: ${Math.round(before / mebibyte)} MiB)`,
      counts: {
        'MiB at most': mostMebibytes,
        'server ended': server?.isRunning ? 0 : 1,
        'honest edits': edits,
        'of them unanswered': unanswered,
        'ms the slowest took': Math.round(slowest),
      },
      held:
        server?.isRunning === true && mostMebibytes <= smallestTaskMebibytes && unanswered === 0 && edits > 0,
    };
  },
};

/** One reader stops reading while a document is busy; the others should not notice. */
export const stalledReader: Fault = {
  name: 'a stalled reader',
  run: async (stage) => {
    const unlimited = { burst: 1e12, perSecond: 1e12 };
    // One person writes as much as many do.
    const limits = {
      bytes: { socket: unlimited, person: unlimited, gym: unlimited },
      writtenBytes: unlimited,
    };
    await using world = await World.start(stage, { redis: 'single', servers: 1, limits });
    const token = await world.token('gym-a');
    const documentId = await world.createDocument(token);
    const writer = await world.client(token).open(documentId);
    const reader = await world.client(token).open(documentId);
    await Promise.all([writer.synced(), reader.synced()]);
    const rounds = stage.scale === 'full' ? 600 : 150;
    const measure = async () => {
      const latencies: number[] = [];
      for (let n = 0; n < rounds; n++) {
        const startedAt = performance.now();
        const arrived = new Promise((resolve) => reader.doc.once('update', resolve));
        writer.doc.getMap('busy').set('value', `${n}${'x'.repeat(200_000)}`);
        await arrived;
        latencies.push(performance.now() - startedAt);
      }
      return latencies.sort((a, b) => a - b)[Math.floor(rounds * 0.99)] ?? Number.NaN;
    };
    // The first round warms up.
    await measure();
    const alone = await measure();
    const stalled = await enterRawSocket(world, token);
    stalled.send(`420["document:join",{"documentId":"${documentId}"}]`);
    await sleep(100);
    stalled.pause();
    const beside = await measure();
    stalled.resume();
    const closed = await Promise.race([once(stalled, 'close').then(() => true), sleep(5_000, false)]);
    stalled.terminate();
    // Once more without it: other work on the machine must not be laid at its door.
    const calm = Math.max(alone, await measure());
    const ratio = beside / calm;
    return {
      injected: `${rounds} edits of 200 kB beside a reader that takes nothing`,
      counts: {
        'p99 ms without it': round(calm),
        'p99 ms beside it': round(beside),
        ratio: round(ratio),
        'readers dropped': closed ? 1 : 0,
      },
      held: closed && ratio <= 1.5,
    };
  },
};

const round = (value: number) => Math.round(value * 100) / 100;
