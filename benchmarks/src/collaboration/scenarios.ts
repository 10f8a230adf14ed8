import { setTimeout as sleep } from 'node:timers/promises';
import * as awarenessProtocol from 'y-protocols/awareness';
import * as Y from 'yjs';
import type { ServerProcess } from '../server-process.ts';
import { clock, Onlookers, type Seen } from './onlookers.ts';
import { type MessageKind, messageKinds, type Source } from './payloads.ts';
import { type Peer, type Protocol, protocols } from './peers.ts';
import { until } from './until.ts';

interface Room {
  room: string;
  token?: string;
}

export interface Contestant {
  name: string;
  servers: ServerProcess[];
  protocol: Protocol;
  messages: MessageKind;
  /** A new room, and a token for it where one is asked for. */
  room: () => Promise<Room>;
}

const settleMilliseconds = 300;
/** Who sees cursors. */
const onlookerCount = 3;

async function cpu(servers: ServerProcess[]): Promise<number> {
  const used = await Promise.all(servers.map((server) => server.cpuMicroseconds()));
  return used.reduce((sum, microseconds) => sum + microseconds, 0);
}

/** Rooms of peers. */
async function fill(contestant: Contestant, rooms: number, size: number): Promise<Peer[][]> {
  const filled: Peer[][] = [];
  for (let n = 0; n < rooms; n++) filled.push(await enter(contestant, await contestant.room(), size));
  return filled;
}

/** Peers in one room, taking turns among the servers. */
async function enter(
  { protocol, servers }: Contestant,
  { room, token }: Room,
  size: number,
): Promise<Peer[]> {
  const peers: Peer[] = [];
  for (let n = 0; n < size; n++) {
    const { port } = servers[n % servers.length] as ServerProcess;
    peers.push(await protocols[protocol](port, room, token));
  }
  return peers;
}

function lookOn({ protocol, messages, servers }: Contestant, room: Room, count: number): Promise<Onlookers> {
  const { port } = servers[0] as ServerProcess;
  return Onlookers.start({ port, protocol, messages, ...room, count });
}

/** In every room the first sends bursts; the last in the room tells when all has come. */
export async function fanOut(
  contestant: Contestant,
  { rooms, size, bursts, perBurst }: { rooms: number; size: number; bursts: number; perBurst: number },
): Promise<{ microseconds: number; perSecond: number }> {
  const filled = await fill(contestant, rooms, size);
  const counts = filled.map(() => 0);
  for (const [index, peers] of filled.entries()) {
    const counter = messageKinds[contestant.messages].counter();
    const last = peers.at(-1) as Peer;
    last.onPayload = (payload) => {
      counts[index] = counter.take(payload);
    };
  }
  const sources = filled.map(() => messageKinds[contestant.messages].source());
  let sent = 0;
  const burst = async () => {
    for (const [index, [sender]] of filled.entries())
      for (let n = 0; n < perBurst; n++) sender?.send((sources[index] as Source).next());
    sent += perBurst;
    await until(() => counts.every((count) => count >= sent), contestant.name);
  };
  await burst();
  const before = await cpu(contestant.servers);
  const startedAt = performance.now();
  for (let n = 0; n < bursts; n++) await burst();
  const seconds = (performance.now() - startedAt) / 1000;
  await sleep(settleMilliseconds);
  const used = (await cpu(contestant.servers)) - before;
  for (const peer of filled.flat()) peer.close();
  const deliveries = bursts * perBurst * rooms * (size - 1);
  return { microseconds: used / deliveries, perSecond: deliveries / seconds };
}

/** One room, a hundred messages a second. */
export async function paced(
  contestant: Contestant,
  { size, seconds }: { size: number; seconds: number },
): Promise<{ microseconds: number; p99: number }> {
  const room = await contestant.room();
  const peers = await enter(contestant, room, size - 1);
  const onlookers = await lookOn(contestant, room, 1);
  const sentAt: number[] = [];
  const source = messageKinds[contestant.messages].source();
  const total = seconds * 100;
  const before = await cpu(contestant.servers);
  const startedAt = performance.now();
  for (let n = 0; n < total; n++) {
    sentAt.push(clock());
    peers[0]?.send(source.next());
    await sleep(Math.max(0, startedAt + (n + 1) * 10 - performance.now()));
  }
  const [seen] = await onlookers.finish({ messages: total });
  const used = (await cpu(contestant.servers)) - before;
  for (const peer of peers) peer.close();
  const latencies = (seen as Seen).arrivals.map((at, n) => at - (sentAt[n] ?? at));
  return { microseconds: used / (total * (size - 1)), p99: p99Of(latencies) };
}

function p99Of(latencies: number[]): number {
  const sorted = latencies.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length * 0.99)] ?? Number.NaN;
}

/** Everybody's cursor moves twenty times a second, and a few people look on. */
export async function cursors(
  contestant: Contestant,
  { size, seconds }: { size: number; seconds: number },
): Promise<{ cores: number; delivered: number; p99: number }> {
  const room = await contestant.room();
  const peers = await enter(contestant, room, size);
  const onlookers = await lookOn(contestant, room, onlookerCount);
  /** By client and the number of its move. */
  const sentAt = new Map<number, number[]>();
  const people = peers.map(() => new awarenessProtocol.Awareness(new Y.Doc()));
  const before = await cpu(contestant.servers);
  const startedAt = performance.now();
  await Promise.all(
    peers.map(async (peer, index) => {
      const awareness = people[index] as awarenessProtocol.Awareness;
      const times: number[] = [];
      sentAt.set(awareness.clientID, times);
      await sleep((50 * index) / size);
      for (let n = 1; n <= seconds * 20; n++) {
        awareness.setLocalState({ x: n });
        times[n] = clock();
        peer.sendCursor(awarenessProtocol.encodeAwarenessUpdate(awareness, [awareness.clientID]));
        await sleep(Math.max(0, startedAt + n * 50 + (50 * index) / size - performance.now()));
      }
    }),
  );
  await sleep(settleMilliseconds);
  const elapsed = performance.now() - startedAt;
  const used = (await cpu(contestant.servers)) - before;
  const latencies = latenciesOf(await onlookers.finish(), sentAt);
  for (const peer of peers) peer.close();
  for (const awareness of people) awareness.destroy();
  return {
    cores: used / 1000 / elapsed,
    delivered: latencies.length / (size * seconds * 20 * onlookerCount),
    p99: p99Of(latencies),
  };
}

/** A move is delivered when it comes, or a later one instead of it. */
function latenciesOf(seen: Seen[], sentAt: Map<number, number[]>): number[] {
  const latencies: number[] = [];
  for (const { moves } of seen) {
    const last = new Map<number, number>();
    for (const { client, move, at } of moves) {
      const known = last.get(client) ?? 0;
      for (let n = known + 1; n <= move; n++) latencies.push(at - (sentAt.get(client)?.[n] ?? at));
      last.set(client, Math.max(move, known));
    }
  }
  return latencies;
}

/** Everybody edits one document as fast as they can; over when the last has all of it. */
export async function edits(
  contestant: Contestant,
  { size, each }: { size: number; each: number },
): Promise<{ microseconds: number; perSecond: number }> {
  const [peers = []] = await fill(contestant, 1, size + 1);
  const counter = messageKinds[contestant.messages].counter();
  let arrived = 0;
  (peers.at(-1) as Peer).onPayload = (payload) => {
    arrived = counter.take(payload);
  };
  const sources = peers.slice(0, size).map(() => messageKinds[contestant.messages].source());
  const before = await cpu(contestant.servers);
  const startedAt = performance.now();
  const perTurn = 10;
  for (let n = 0; n < each; n += perTurn) {
    for (const [index, source] of sources.entries())
      for (let k = 0; k < perTurn; k++) peers[index]?.send(source.next());
    await sleep(5);
  }
  await until(() => arrived >= size * each, contestant.name);
  const seconds = (performance.now() - startedAt) / 1000;
  await sleep(settleMilliseconds);
  const used = (await cpu(contestant.servers)) - before;
  for (const peer of peers) peer.close();
  return { microseconds: used / (size * each), perSecond: (size * each) / seconds };
}

/**
 * Many connections at once, let in by their tokens where they are asked for one; and once more by the same, as after a break.
 * Whoever has idled while others had their turn is woken first: V8 collects garbage meanwhile, and goes on at it for a while.
 */
export async function connections(
  contestant: Contestant,
  newTokens: () => Promise<string[]>,
): Promise<{ microseconds: number; again: number }> {
  const storm = async (tokens: string[]) => {
    const before = await cpu(contestant.servers);
    const peers = await connectAll(contestant, tokens);
    const used = (await cpu(contestant.servers)) - before;
    for (const peer of peers) peer.close();
    await sleep(settleMilliseconds);
    return used / tokens.length;
  };
  await storm(await newTokens());
  const tokens = await newTokens();
  return { microseconds: await storm(tokens), again: await storm(tokens) };
}

/** What a connection holds of the server's heap, in bytes. */
export async function heapOfConnection(contestant: Contestant, tokens: string[]): Promise<number> {
  const [server] = contestant.servers as [ServerProcess];
  const before = await server.heapBytes();
  const peers = await connectAll(contestant, tokens);
  const used = (await server.heapBytes()) - before;
  for (const peer of peers) peer.close();
  await sleep(settleMilliseconds);
  return used / tokens.length;
}

async function connectAll({ protocol, servers }: Contestant, tokens: string[]): Promise<Peer[]> {
  const { port } = servers[0] as ServerProcess;
  const peers: Peer[] = [];
  let next = 0;
  await Promise.all(
    Array.from({ length: 32 }, async () => {
      while (next < tokens.length) peers.push(await protocols[protocol](port, '', tokens[next++]));
    }),
  );
  return peers;
}
