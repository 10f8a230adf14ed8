import { join } from 'node:path';
import { createSigningKey, loadSigningKeys } from '@kyong/identity/adapters/signing-keys';
import { tenantMigrations } from '@kyong/tenancy/adapters/tenant-schema';
import { type DataServers, startDataServers } from '../data-servers.ts';
import { cores, pinSelf } from '../machine.ts';
import { versionOf } from '../package-version.ts';
import type { Report, Target } from '../report.ts';
import { nodeOptionsOfImage, type ServerProcess, startServer } from '../server-process.ts';
import type { Protocol } from './peers.ts';
import {
  type Contestant,
  connections,
  cursors,
  edits,
  fanOut,
  heapOfConnection,
  paced,
} from './scenarios.ts';

const connectionCount = 1_000;
const tenantId = 'iron-temple';
const tokens = { issuer: 'https://kyo.example', audience: 'kyo' };

type Values = Record<string, number>;

/** What is measured of some of the contestants, who take turns. */
interface Section {
  of: Contestant[];
  warmUps: number;
  rounds: number;
  measure: (contestant: Contestant) => Promise<Values>;
}

/** Fan-out, cursors, edits and connections: Kyo beside Socket.IO, ws, Hocuspocus and y-websocket, in turns, on the same core. */
export async function benchmarkCollaboration(progress: (line: string) => void): Promise<Report> {
  pinSelf(cores.load);
  await using started = new AsyncDisposableStack();
  progress('Starting Redis and PostgreSQL');
  const servers = await startDataServers();
  started.defer(() => servers.stop());
  progress('Starting the servers');
  const signer = await loadSigningKeys([await createSigningKey(new Date())], {
    ...tokens,
    now: () => new Date(),
  });
  const token = (user: string) =>
    signer.sign({ sub: user, tenant: tenantId, roles: ['gym_owner'], scope: 'session' }, 3_600);
  const contestants = await startContestants(servers, signer.publicKeys, token, started);
  const newTokens = () => Promise.all(Array.from({ length: connectionCount }, (_, n) => token(`user-${n}`)));

  const rows = contestants.map(({ name }) => ({ name, values: {} as Values }));
  const ofOneServer = contestants.filter(({ servers }) => servers.length === 1);
  const speakingSocketIo = ofOneServer.filter(({ protocol }) => protocol === 'socketIo');
  const sections: Section[] = [
    { of: contestants, warmUps: 1, rounds: 3, measure: measureMessages },
    // Many and short: a process takes thousands of connections until it has compiled all that they need.
    {
      of: speakingSocketIo,
      warmUps: 3,
      rounds: 11,
      measure: (contestant) => measureConnections(contestant, newTokens),
    },
    // What collects all garbage at once throws away a part of what was compiled, too: after all storms.
    {
      of: speakingSocketIo,
      warmUps: 1,
      rounds: 3,
      measure: async (contestant) => ({
        'KiB each': (await heapOfConnection(contestant, await newTokens())) / 1024,
      }),
    },
    // Last: documents of ten thousand edits are summarised for a while afterwards, and would hold up whatever else is measured.
    {
      of: ofOneServer.filter(({ messages }) => messages === 'edits'),
      warmUps: 1,
      rounds: 3,
      measure: measureEdits,
    },
  ];
  for (const { of, warmUps, rounds, measure } of sections) {
    const measured = new Map(of.map(({ name }) => [name, [] as Values[]]));
    for (let round = 1 - warmUps; round <= rounds; round++) {
      for (const contestant of of) {
        progress(`${round < 1 ? 'Warming up' : `Round ${round} of ${rounds}`}: ${contestant.name}`);
        const values = await measure(contestant);
        if (round > 0) measured.get(contestant.name)?.push(values);
      }
    }
    for (const { name, values } of rows) Object.assign(values, medians(measured.get(name) ?? []));
  }
  return {
    columns: [
      ...[
        'µs 1×200',
        '/s 1×200',
        'µs 50×4',
        'µs paced',
        'p99 ms',
        'cores 100 cursors',
        'cores 200',
        '% of 200',
      ],
      ...['p99 ms 200', 'µs an edit', 'edits/s', 'µs a connection', 'µs again', 'KiB each'],
    ],
    rows,
    versions: {
      'Socket.IO': versionOf('socket.io'),
      'redis-adapter': versionOf('@socket.io/redis-adapter'),
      ws: versionOf('ws'),
      Hocuspocus: versionOf('@hocuspocus/server'),
      'y-websocket': versionOf('y-websocket'),
      Yjs: versionOf('yjs'),
    },
    method: [
      "Medians of 3 rounds after one to warm up, contestants in turns, Kyo with the image's NODE_OPTIONS; µs: processor time of the servers' processes, a delivery, an edit or a connection.",
      'Servers alone on one core (two servers share it), Redis (cluster mode, appendfsync always), PostgreSQL and the load on the other.',
      "Kyo's deliveries are durable edits of a document, checked and acknowledged; those of Socket.IO and ws are relayed bytes; 100 bytes each.",
      'Connections: 11 storms of 1,000 after 9 to warm up, by tokens the server has not seen, and again by the same.',
      'Where a server puts edits together, as Kyo and Hocuspocus do, each edit in it counts as delivered. Paced: 100 messages a second to 199.',
    ],
    targets: targetsOf(rows),
  };
}

async function measureMessages(contestant: Contestant): Promise<Values> {
  const { name } = contestant;
  const one = await fanOut(contestant, { rooms: 1, size: 200, bursts: 5, perBurst: 100 });
  const values: Values = { 'µs 1×200': one.microseconds, '/s 1×200': one.perSecond };
  if (contestant.servers.length > 1) return values;
  const many = await fanOut(contestant, { rooms: 50, size: 4, bursts: 5, perBurst: 20 });
  const pace = await paced(contestant, { size: 200, seconds: 6 });
  Object.assign(values, { 'µs 50×4': many.microseconds, 'µs paced': pace.microseconds, 'p99 ms': pace.p99 });
  if (contestant.protocol !== 'socketIo') return values;
  const hundred = await cursors(contestant, { size: 100, seconds: 3 });
  values['cores 100 cursors'] = hundred.cores;
  if (name === 'Kyo') {
    const crowd = await cursors(contestant, { size: 200, seconds: 3 });
    Object.assign(values, {
      ...{ 'cores 200': crowd.cores, '% of 200': crowd.delivered * 100, 'p99 ms 200': crowd.p99 },
    });
  }
  return values;
}

async function measureConnections(
  contestant: Contestant,
  newTokens: () => Promise<string[]>,
): Promise<Values> {
  const { microseconds, again } = await connections(contestant, newTokens);
  return { 'µs a connection': microseconds, 'µs again': again };
}

async function measureEdits(contestant: Contestant): Promise<Values> {
  const { microseconds, perSecond } = await edits(contestant, { size: 20, each: 500 });
  return { 'µs an edit': microseconds, 'edits/s': perSecond };
}

async function startContestants(
  data: DataServers,
  publicKeys: { keys: object[] },
  token: (user: string) => Promise<string>,
  started: AsyncDisposableStack,
): Promise<Contestant[]> {
  const { host, port, password } = data.redis;
  const redis = { nodes: [{ host, port }], password };
  const tenantDatabaseUrl = await data.createDatabase('gym', { migrations: tenantMigrations });
  const start = async (name: string, configuration: object = {}, nodeOptions = '') => {
    const file = join(import.meta.dirname, `server-${name}.ts`);
    const server = await startServer({ file, configuration, nodeOptions, logFile: data.logFile });
    started.defer(() => server.stop());
    return server;
  };
  let rooms = 0;
  const anyRoom = async () => ({ room: `room-${rooms++}` });
  const relays = (name: string, protocol: Protocol, servers: ServerProcess[]): Contestant => ({
    ...{ name, servers, protocol, messages: 'bytes', room: anyRoom },
  });
  const editors = (
    name: string,
    protocol: Protocol,
    servers: ServerProcess[],
    room = anyRoom,
  ): Contestant => ({
    ...{ name, servers, protocol, messages: 'edits', room },
  });
  const startKyo = () => start('kyo', { redis, tenantDatabaseUrl, tokens, publicKeys }, nodeOptionsOfImage());
  const kyo = [await startKyo(), await startKyo(), await startKyo()] as const;
  const owner = await token('owner');
  const document = async () => ({ room: await createDocument(kyo[0].port, owner), token: owner });
  return [
    editors('Kyo', 'socketIo', [kyo[0]], document),
    relays('Socket.IO', 'socketIo', [await start('socketio')]),
    relays('ws, the floor', 'ws', [await start('ws')]),
    editors('Hocuspocus', 'hocuspocus', [await start('hocuspocus')]),
    editors('y-websocket', 'yWebsocket', [await start('y-websocket')]),
    editors('Kyo, 2 servers', 'socketIo', [kyo[1], kyo[2]], document),
    relays('Socket.IO, 2 servers', 'socketIo', [
      await start('socketio', { redis }),
      await start('socketio', { redis }),
    ]),
  ];
}

async function createDocument(port: number, token: string): Promise<string> {
  const answer = await fetch(`http://127.0.0.1:${port}/api/collaboration/documents`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ kind: 'course_planning', title: 'A plan' }),
  });
  return ((await answer.json()) as { documentId: string }).documentId;
}

function medians(measurements: Values[]): Values {
  const names = Object.keys(measurements[0] ?? {});
  const median = (name: string) => {
    const sorted = measurements.map((values) => values[name] ?? Number.NaN).toSorted((a, b) => a - b);
    return sorted[sorted.length >> 1] ?? Number.NaN;
  };
  return Object.fromEntries(names.map((name) => [name, median(name)]));
}

function targetsOf(rows: Report['rows']): Target[] {
  const value = (name: string, column: string) =>
    rows.find((row) => row.name === name)?.values[column] ?? Number.NaN;
  const times = (column: string, peer: string, ours = 'Kyo') => value(peer, column) / value(ours, column);
  const atLeast = (what: string, measured: number, must: number, aim: number): Target => ({
    ...{ what, measured, must, aim, met: measured >= must },
  });
  const atMost = (what: string, measured: number, must: number, aim: number): Target => ({
    ...{ what, measured, must, aim, met: measured <= must },
  });
  return [
    atLeast('fan-out to 200 against Socket.IO, 1 server', times('µs 1×200', 'Socket.IO'), 2, 2.4),
    atLeast(
      'fan-out to 200 against Socket.IO, 2 servers',
      times('µs 1×200', 'Socket.IO, 2 servers', 'Kyo, 2 servers'),
      ...([1.7, 2.2] as const),
    ),
    atMost('paced fan-out, processor against Socket.IO', 1 / times('µs paced', 'Socket.IO'), 1.2, 1.1),
    atMost('paced fan-out, p99 against Socket.IO', 1 / times('p99 ms', 'Socket.IO'), 1.2, 1.1),
    atLeast('100 cursors against Socket.IO', times('cores 100 cursors', 'Socket.IO'), 6, 9),
    atLeast('of 200 cursors delivered, %', value('Kyo', '% of 200'), 99, 100),
    atMost('p99 of 200 cursors, ms', value('Kyo', 'p99 ms 200'), 60, 45),
    atLeast('edits against Hocuspocus', times('µs an edit', 'Hocuspocus'), 0.9, 1.1),
    atLeast('edits against y-websocket', times('µs an edit', 'y-websocket'), 3, 5),
    atLeast('connections by new tokens against Socket.IO', times('µs a connection', 'Socket.IO'), 0.85, 1),
    atLeast('connections that come back against Socket.IO', times('µs again', 'Socket.IO'), 0.85, 1),
    atMost('heap of a connection against Socket.IO', 1 / times('KiB each', 'Socket.IO'), 1.3, 1.15),
  ];
}
