import { setTimeout as sleep } from 'node:timers/promises';
import { RedisServer } from '@kyong/embedded-servers';
import { Redis } from 'ioredis';
import * as Y from 'yjs';
import type { Fault, Stage } from '../fault.ts';
import { until, World } from './world.ts';

const everyMilliseconds = 5;
/** How soon after a fault is over everybody must have everything. */
const recoveryMilliseconds = 5_000;
/** What has not come by then, on a machine however busy, will not come. */
const lostAfterMilliseconds = 30_000;

type Injection = {
  name: string;
  redis: 'single' | 'cluster';
  inject: (world: World, stage: Stage) => Promise<void>;
};

const injections: Injection[] = [
  {
    name: 'cuts of all subscribers',
    redis: 'single',
    inject: async ({ redis }) => {
      if (!(redis instanceof RedisServer)) return;
      const client = new Redis(redis.endpoint);
      await client.call('CLIENT', 'KILL', 'TYPE', 'pubsub');
      client.disconnect();
    },
  },
  { name: 'Redis kills', redis: 'single', inject: (world, { random }) => world.killRedis(random, 300) },
  { name: 'failovers', redis: 'cluster', inject: (world, { random }) => world.killRedis(random, 2_500) },
  {
    name: 'server kills',
    redis: 'single',
    inject: async (world) => {
      await world.replaceServer(world.servers.length - 1, 'SIGKILL');
    },
  },
];

/** Two hundred messages a second, from one server to another, through each fault over and over. */
export const deliveryFaults: Fault[] = injections.map(({ name, redis, inject }) => ({
  name: `200 messages a second through ${name}`,
  run: async (stage) => {
    await using world = await World.start(stage, { redis, servers: 2 });
    const times = stage.scale === 'full' ? 20 : 1;
    const token = await world.token('gym-a');
    const documentId = await world.createDocument(token);
    // The writer's server is not the one that is killed; a listener is on each.
    const first = world.servers[0]?.url;
    const clients = [world.client(token, first), world.client(token, first), world.client(token)];
    const sessions = await Promise.all(clients.map((client) => client.open(documentId)));
    await Promise.all(sessions.map((session) => session.synced()));
    const [writer, ...listeners] = sessions;
    if (!writer) throw new Error('There is no writer.');
    const sending = new AbortController();
    let sent = 0;
    const run = (async () => {
      while (!sending.signal.aborted) {
        writer.doc.getArray('messages').push([sent++]);
        await sleep(everyMilliseconds);
      }
    })();
    let slowest = 0;
    let late = 0;
    for (let n = 0; n < times; n++) {
      await sleep(500);
      await inject(world, stage);
      const target = sent;
      const took = await until(
        () => listeners.every(({ doc }) => doc.getArray('messages').length >= target),
        2 * recoveryMilliseconds,
      );
      slowest = Math.max(slowest, took ?? 2 * recoveryMilliseconds);
      if (took === undefined || took > recoveryMilliseconds) late += 1;
    }
    sending.abort();
    await run;
    await until(() => sessions.every((session) => session.isSaved), 10_000);
    await until(() => listeners.every(({ doc }) => doc.getArray('messages').length >= sent), 10_000);
    const received = listeners.map(({ doc }) => doc.getArray<number>('messages').toArray());
    const lost = received.reduce((sum, list) => sum + sent - new Set(list).size, 0);
    const doubled = received.reduce((sum, list) => sum + list.length - new Set(list).size, 0);
    return {
      injected: `${times} ${name}`,
      counts: { sent, lost, doubled, 'late recoveries': late, 'ms to recover at most': Math.round(slowest) },
      held: lost === 0 && doubled === 0 && late === 0,
    };
  },
}));

/** Somebody joins, and the moment the join is answered another server sends an edit. */
export const joinRaces: Fault = {
  name: 'join, then at once an edit from another server',
  run: async (stage) => {
    await using world = await World.start(stage, {
      ...{ redis: 'single', servers: 2 },
      limits: { events: { burst: 1e6, perSecond: 1e6 }, joins: { burst: 1e6, perSecond: 1e6 } },
    });
    const rounds = stage.scale === 'full' ? 5_000 : 100;
    const atOnce = 5;
    const token = await world.token('gym-a');
    const [here, there] = world.servers;
    const counts = { joins: 0, lost: 0, 'ms the slowest took': 0 };
    const run = async () => {
      const [joiner, writer] = [await world.socket(token, here?.url), await world.socket(token, there?.url)];
      let heard: string | undefined;
      joiner.on('document:update', ({ documentId }) => {
        heard = documentId;
      });
      while (counts.joins < rounds) {
        counts.joins += 1;
        const documentId = await world.createDocument(token);
        await writer.emitWithAck('document:join', { documentId });
        const doc = new Y.Doc();
        doc.getText('a').insert(0, 'x');
        const update = Y.encodeStateAsUpdate(doc);
        await joiner.emitWithAck('document:join', { documentId });
        const sent = writer.emitWithAck('document:update', { documentId, update });
        const took = await until(() => heard === documentId, lostAfterMilliseconds);
        await sent;
        if (took === undefined) counts.lost += 1;
        else counts['ms the slowest took'] = Math.max(counts['ms the slowest took'], Math.round(took));
        for (const socket of [joiner, writer]) await socket.emitWithAck('document:leave', { documentId });
      }
      for (const socket of [joiner, writer]) socket.disconnect();
    };
    await Promise.all(Array.from({ length: atOnce }, run));
    return {
      injected: `${rounds} joins on one server, each with an edit on the other`,
      counts,
      held: counts.lost === 0,
    };
  },
};

/** A server with many connections is told to stop. */
export const drains: Fault = {
  name: 'a server with many sockets is replaced',
  run: async (stage) => {
    // One person plays a crowd.
    const limits = { sockets: { ofPerson: 1e6, ofGym: 1e6 } };
    await using world = await World.start(stage, { redis: 'single', servers: 1, limits });
    const sockets = stage.scale === 'full' ? 2_000 : 50;
    const token = await world.token('gym-a');
    const documentId = await world.createDocument(token);
    const clients = Array.from({ length: sockets }, () => world.client(token));
    const sessions = await Promise.all(clients.map((client) => client.open(documentId)));
    await Promise.all(sessions.map((session) => session.synced()));
    const writers = sessions.slice(0, 20);
    for (const [n, { doc }] of writers.entries()) doc.getMap('before').set(`${n}`, n);
    const startedAt = performance.now();
    const code = await world.replaceServer(0, 'SIGTERM');
    const seconds = (performance.now() - startedAt) / 1000;
    await until(() => sessions.every((session) => session.isSaved), 60_000);
    const moved = sessions.filter(({ status }) => status === 'synced').length;
    const lost = sessions.filter(({ doc }) => doc.getMap('before').size !== writers.length).length;
    return {
      injected: `SIGTERM to a server with ${sockets} sockets in one document, while ${writers.length} of them write`,
      counts: {
        moved,
        'without an edit': lost,
        'seconds until it ended': Math.round(seconds * 10) / 10,
        'exit code': code ?? -1,
      },
      held: moved === sockets && lost === 0 && code === 0 && seconds < 90,
    };
  },
};
