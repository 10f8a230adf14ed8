import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { WebSocket } from 'ws';
import * as Y from 'yjs';
import type { Fault } from '../fault.ts';
import type { Random } from '../random.ts';
import { World } from './world.ts';

const mebibyte = 2 ** 20;
/** A server that has seen the worst may hold so much more than before. */
const maxGrowthMebibytes = 250;

interface Attack {
  name: string;
  run: (
    world: World,
    context: { token: string; documentId: string; random: Random; scale: number },
  ) => Promise<void>;
}

const raw = async ({ servers: [server] }: World) => {
  const url = `ws://127.0.0.1:${server?.port}/socket.io/?EIO=4&transport=websocket`;
  const socket = new WebSocket(url);
  socket.on('error', () => {});
  await once(socket, 'open');
  return socket;
};

/** A socket that is let in, spoken to by hand. */
const entered = async (world: World, token: string) => {
  const socket = await raw(world);
  const isIn = new Promise<void>((resolve, reject) => {
    socket.on('message', (data) => {
      if (String(data).startsWith('40')) resolve();
    });
    socket.once('close', () => reject(new Error('The server closed the connection.')));
  });
  socket.send(`40${JSON.stringify({ token })}`);
  await isIn;
  return socket;
};

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
          const socket = await entered(world, token);
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
      const silent = await Promise.all(Array.from({ length: 50 * scale }, () => raw(world)));
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
    const growth = Math.round((most - before) / mebibyte);
    return {
      injected: `${lines.join('; ')} (memory of the process after each; before: ${Math.round(before / mebibyte)} MiB)`,
      counts: {
        'MiB grown at most': growth,
        'server ended': server?.isRunning ? 0 : 1,
        'honest edits': edits,
        'of them unanswered': unanswered,
        'ms the slowest took': Math.round(slowest),
      },
      held: server?.isRunning === true && growth <= maxGrowthMebibytes && unanswered === 0 && edits > 0,
    };
  },
};

/** Two people who edit a document and count how long their edits take to the other. */
async function work(world: World, token: string, documentId: string) {
  const [one, other] = await Promise.all([
    world.client(token).open(documentId),
    world.client(token).open(documentId),
  ]);
  await Promise.all([one.synced(), other.synced()]);
  const stopping = new AbortController();
  const told = { edits: 0, unanswered: 0, slowest: 0, latencies: [] as number[] };
  const running = (async () => {
    while (!stopping.signal.aborted) {
      const startedAt = performance.now();
      one.doc.getMap('work').set('n', told.edits++);
      const arrived = new Promise<boolean>((resolve) => {
        other.doc.getMap('work').observe(() => resolve(true));
        setTimeout(resolve, 10_000, false);
      });
      if (!(await arrived)) told.unanswered += 1;
      const took = performance.now() - startedAt;
      told.latencies.push(took);
      told.slowest = Math.max(told.slowest, took);
      await sleep(20);
    }
  })();
  return {
    stop: async () => {
      stopping.abort();
      await running;
      return told;
    },
  };
}

/** One reader stops reading while a document is busy; the others should not notice. */
export const stalledReader: Fault = {
  name: 'a stalled reader',
  run: async (stage) => {
    await using world = await World.start(stage, { redis: 'single', servers: 1 });
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
    const stalled = await entered(world, token);
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

const valid = [
  '40',
  '41',
  '420["document:join",{"documentId":"00000000-0000-4000-8000-000000000000"}]',
  '451-["document:update",{"documentId":"00000000-0000-4000-8000-000000000000","update":{"_placeholder":true,"num":0}}]',
  '43[]',
  '2',
  '3probe',
  '5',
];

/** Frames that are nearly right, by the million, on connections that are let in again each time. */
export const fuzzedFrames: Fault = {
  name: 'fuzzed frames',
  run: async (stage) => {
    const frames = stage.scale === 'full' ? 1_000_000 : 5_000;
    await using world = await World.start(stage, {
      ...{ redis: 'single', servers: 1 },
      limits: { events: { burst: 1e9, perSecond: 1e9 }, joins: { burst: 1e9, perSecond: 1e9 } },
    });
    const [server] = world.servers;
    const token = await world.token('gym-a');
    const honest = await work(world, token, await world.createDocument(token));
    const before = (await server?.rss()) ?? 0;
    let sent = 0;
    const run = async () => {
      while (sent < frames && server?.isRunning) {
        const socket = await entered(world, token).catch(() => undefined);
        for (let n = 0; socket?.readyState === WebSocket.OPEN && n < 500 && sent < frames; n++) {
          socket.send(fuzzed(stage.random));
          sent += 1;
          if (n % 50 === 0) await sleep(0);
        }
        socket?.terminate();
      }
    };
    await Promise.all(Array.from({ length: 8 }, run));
    const growth = Math.round((((await server?.rss()) ?? 0) - before) / mebibyte);
    const { edits, unanswered } = await honest.stop();
    return {
      injected: `${sent.toLocaleString('en')} frames, each a mutation of a valid one`,
      counts: {
        'server ended': server?.isRunning ? 0 : 1,
        'MiB grown': growth,
        'honest edits': edits,
        'of them unanswered': unanswered,
      },
      held: server?.isRunning === true && growth <= maxGrowthMebibytes && unanswered === 0,
    };
  },
};

function fuzzed(random: Random): string | Uint8Array {
  if (random() < 0.3)
    return Uint8Array.from({ length: Math.floor(random() * 64) }, () => Math.floor(random() * 256));
  const text = [...(valid[Math.floor(random() * valid.length)] ?? '')];
  // Many are left as they are, so that what they begin is there to be broken.
  for (let changes = Math.floor(random() * 3); changes > 0; changes--) {
    const at = Math.floor(random() * text.length);
    if (random() < 0.5) text.splice(at, Math.floor(random() * 4));
    else text[at] = String.fromCharCode(32 + Math.floor(random() * 95));
  }
  return text.join('');
}
