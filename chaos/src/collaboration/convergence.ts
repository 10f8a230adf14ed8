import { setTimeout as sleep } from 'node:timers/promises';
import type { CollaborationClient, DocumentSession } from '@kyong/collaboration/client';
import type { Fault } from '../fault.ts';
import type { Random } from '../random.ts';
import type { ConnectionBalancer } from './balancer.ts';
import { until, World } from './world.ts';

/** What has not come together by then, on a machine however busy, will not. */
const settleMilliseconds = 120_000;

interface Editor {
  client: CollaborationClient;
  session: DocumentSession;
  /** Everything this one has ever written, by its name. */
  written: string[];
}

/** A document, some people who edit it, and what must be in it at the end. */
class Schedule {
  readonly #world: World;
  /** Of these people alone: others' connections are left in peace. */
  readonly #balancer: ConnectionBalancer;
  readonly #random: Random;
  readonly #token: string;
  readonly documentId: string;
  readonly editors: Editor[] = [];
  /** Acknowledged, whoever wrote it and whatever became of them. */
  readonly promised = new Set<string>();
  #names = 0;

  constructor(
    world: World,
    {
      balancer,
      random,
      token,
      documentId,
    }: { balancer: ConnectionBalancer; random: Random; token: string; documentId: string },
  ) {
    this.#world = world;
    this.#balancer = balancer;
    this.#random = random;
    this.#token = token;
    this.documentId = documentId;
  }

  async join(): Promise<void> {
    const client = this.#world.client(this.#token, this.#balancer.url);
    this.editors.push({ client, session: await client.open(this.documentId), written: [] });
  }

  /** One thing happens to somebody. */
  async step(): Promise<void> {
    const editor = this.editors[Math.floor(this.#random() * this.editors.length)] as Editor;
    const choice = this.#random();
    if (choice < 0.75) this.#edit(editor);
    else if (choice < 0.83) editor.client.socket.disconnect();
    else if (choice < 0.93) editor.client.socket.connect();
    else if (choice < 0.94) this.#balancer.cut(0.3);
    else if (choice < 0.96) this.#balancer.hold(0.3, this.#random() * 200);
    else if (choice < 0.98) await this.#replace(editor);
    else await sleep(this.#random() * 20);
  }

  /** Everybody back; resolves to whether all have the same, and how much of what was promised is missing. */
  async settle(): Promise<{ converged: boolean; lost: number }> {
    for (const { client } of this.editors) client.socket.connect();
    await this.join();
    const converged = await until(() => this.#areEqual(), settleMilliseconds);
    for (const { session, written } of this.editors)
      if (session.isSaved) for (const name of written) this.promised.add(name);
    const last = this.editors.at(-1)?.session.doc;
    const present = new Set(last?.getMap('names').keys());
    const items = last?.getArray<string>('list').toArray() ?? [];
    const lost = [...this.promised].filter((name) => !present.has(name) || !items.includes(name)).length;
    for (const { client } of this.editors) client.close();
    this.#balancer.close();
    return { converged: converged !== undefined && new Set(items).size === items.length, lost };
  }

  #edit({ session: { doc }, written }: Editor): void {
    const name = `${this.#names++}`;
    written.push(name);
    doc.transact(() => {
      doc.getMap('names').set(name, this.#random());
      const list = doc.getArray<string>('list');
      list.insert(Math.floor(this.#random() * (list.length + 1)), [name]);
      const text = doc.getText('text');
      if (this.#random() < 0.3 && text.length > 0) text.delete(Math.floor(this.#random() * text.length), 1);
      else text.insert(Math.floor(this.#random() * (text.length + 1)), name);
    });
  }

  /** Somebody's browser is gone for good, once all they were promised is written down; another person comes. */
  async #replace(editor: Editor): Promise<void> {
    if (!editor.session.isSaved) return;
    for (const name of editor.written) this.promised.add(name);
    editor.client.close();
    this.editors.splice(this.editors.indexOf(editor), 1);
    await this.join();
  }

  #areEqual(): boolean {
    if (!this.editors.every(({ session }) => session.isSaved)) return false;
    const states = this.editors.map(({ session: { doc } }) =>
      JSON.stringify([
        doc.getText('text').toString(),
        doc.getArray('list').toJSON(),
        Object.entries(doc.getMap('names').toJSON()).sort(),
      ]),
    );
    return new Set(states).size === 1;
  }
}

async function begin(world: World, random: Random, token: string, editors: number): Promise<Schedule> {
  const schedule = new Schedule(world, {
    balancer: await world.startBalancer(),
    ...{ random, token, documentId: await world.createDocument(token) },
  });
  for (let n = 0; n < editors; n++) await schedule.join();
  return schedule;
}

/** People come, go, edit offline and lose their connections, in any order; the servers are fine. */
export const randomSchedules: Fault = {
  name: 'random schedules of edits, cuts, delays and reconnections',
  run: async (stage) => {
    await using world = await World.start(stage, { redis: 'single', servers: 2 });
    const rounds = stage.scale === 'full' ? 1_000 : 10;
    const atOnce = 5;
    const token = await world.token('gym-a');
    const counts = { schedules: 0, 'promised edits': 0, 'edits lost': 0, 'not converged': 0 };
    const run = async () => {
      while (counts.schedules < rounds) {
        counts.schedules += 1;
        const schedule = await begin(world, stage.random, token, 5);
        for (let step = 0; step < 60; step++) await schedule.step();
        const { converged, lost } = await schedule.settle();
        counts['promised edits'] += schedule.promised.size;
        counts['edits lost'] += lost;
        if (!converged) counts['not converged'] += 1;
      }
    };
    await Promise.all(Array.from({ length: atOnce }, run));
    return {
      injected: `${rounds} schedules of 5 clients over 2 servers: offline edits, connections cut and held back, people who leave for good`,
      counts,
      held: counts['edits lost'] === 0 && counts['not converged'] === 0,
    };
  },
};

/** The same, while servers are killed and replaced and primaries of Redis die. */
export const serverAndRedisKills: Fault = {
  name: 'edits while servers are killed, replaced, and primaries of Redis fail over',
  run: async (stage) => {
    const full = stage.scale === 'full';
    await using world = await World.start(stage, { redis: 'cluster', servers: 2 });
    const token = await world.token('gym-a');
    const schedules = await Promise.all(
      Array.from({ length: 3 }, () => begin(world, stage.random, token, 4)),
    );
    const faults = full ? 60 : 3;
    const editing = new AbortController();
    const running = schedules.map(async (schedule) => {
      while (!editing.signal.aborted) {
        await schedule.step();
        await sleep(10);
      }
    });
    const injected = { 'servers killed': 0, 'servers replaced': 0, failovers: 0 };
    for (let n = 0; n < faults; n++) {
      await sleep(500 + stage.random() * 500);
      const victim = Math.floor(stage.random() * world.servers.length);
      if (n % 3 === 0) {
        await world.replaceServer(victim, 'SIGKILL');
        injected['servers killed'] += 1;
      } else if (n % 3 === 1) {
        await world.killRedis(stage.random, 2_500);
        injected.failovers += 1;
      } else {
        await world.replaceServer(victim, 'SIGTERM');
        injected['servers replaced'] += 1;
      }
    }
    editing.abort();
    await Promise.all(running);
    const counts = { ...injected, 'promised edits': 0, 'edits lost': 0, 'not converged': 0 };
    for (const schedule of schedules) {
      const { converged, lost } = await schedule.settle();
      counts['promised edits'] += schedule.promised.size;
      counts['edits lost'] += lost;
      if (!converged) counts['not converged'] += 1;
    }
    return {
      injected: `${faults} faults under 12 clients, 3 documents, 2 servers, 3 + 3 nodes of Redis`,
      counts,
      held: counts['edits lost'] === 0 && counts['not converged'] === 0 && counts['promised edits'] > 0,
    };
  },
};
