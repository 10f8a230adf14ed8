import { setTimeout as sleep } from 'node:timers/promises';
import { waitFor } from '@kyong/embedded-servers';
import { until, World } from '../collaboration/world.ts';
import type { Fault } from '../fault.ts';
import { type Balancer, startBalancer } from './balancer.ts';
import { Editor } from './editor.ts';

const servers = 2;
const documents = 4;
/** How long an editor may be away while its server is replaced. The test suite shares its machine: there it is not judged. */
const awayMilliseconds = 5_000;
const takenInSeconds = 180;

/** People keep editing, and asking over HTTP, while every server they are connected to is replaced in turn. */
export const replacementsUnderEditors: Fault = {
  name: 'rolling replacement of collaboration-service under editors',
  run: async (stage) => {
    const full = stage.scale === 'full';
    const [replacements, people] = full ? [10, 60] : [servers, 8];
    await using world = await World.start(stage, { redis: 'single', servers });
    const balancer = await startBalancer();
    await using stack = new AsyncDisposableStack();
    stack.defer(() => balancer.close());
    for (const { port } of world.servers) await takeIn(balancer, port);

    const token = await world.token('gym-a');
    const documentIds = await Promise.all(
      Array.from({ length: documents }, () => world.createDocument(token)),
    );
    const url = `http://127.0.0.1:${balancer.port}`;
    const editors = await Promise.all(
      Array.from({ length: people }, async (_, n) => {
        const client = world.client(token, url);
        return new Editor(`${n}`, client, await client.open(documentIds[n % documents] as string));
      }),
    );
    await Promise.all(editors.map(({ session }) => session.synced()));

    const stop = new AbortController();
    const requests = { answered: 0, failed: 0 };
    const load = [
      ...editors.map((editor) => editor.edit(stop.signal)),
      ask(`${url}/api/collaboration/documents`, token, requests, stop.signal),
    ];
    let unclean = 0;
    for (let n = 0; n < replacements; n++) {
      const fresh = await world.startServer();
      await takeIn(balancer, fresh.port);
      const leaving = world.servers.shift();
      if ((await leaving?.end('SIGTERM')) !== 0) unclean += 1;
      if (leaving) balancer.remove(leaving.port);
    }
    stop.abort();
    await Promise.all(load);
    await until(() => editors.every(({ session }) => session.isSaved), 30_000);

    // Somebody who has seen nothing of it.
    const late = world.client(token, url);
    const kept = new Set<string>();
    for (const documentId of documentIds) {
      const session = await late.open(documentId);
      await session.synced();
      for (const name of session.doc.getMap('names').keys()) kept.add(name);
    }
    const edits = editors.flatMap(({ acknowledged }) => acknowledged);
    const counts = {
      'edits acknowledged': edits.length,
      'of them lost': edits.filter((name) => !kept.has(name)).length,
      'moves to another server': editors.reduce((sum, { moves }) => sum + moves, 0),
      'editors that did not come back': editors.filter(({ session }) => session.status !== 'synced').length,
      'ms away at most': Math.round(Math.max(...editors.map(({ longestAway }) => longestAway))),
      'requests answered': requests.answered,
      'requests failed': requests.failed,
      'stopped uncleanly': unclean,
    };
    const nothing = [
      'of them lost',
      'editors that did not come back',
      'requests failed',
      'stopped uncleanly',
    ] as const;
    return {
      injected: `${replacements} servers replaced, ${servers} at a time in service, under ${people} editors of ${documents} documents`,
      counts,
      held:
        nothing.every((name) => counts[name] === 0) &&
        counts['moves to another server'] >= people &&
        (!full || counts['ms away at most'] <= awayMilliseconds) &&
        edits.length > 0 &&
        requests.answered > 0,
    };
  },
};

async function takeIn(balancer: Balancer, port: number): Promise<void> {
  balancer.add(port);
  await waitFor('Taking a server in', takenInSeconds, async () => balancer.serves(port) || undefined);
}

async function ask(
  url: string,
  token: string,
  told: { answered: number; failed: number },
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    try {
      const answer = await fetch(url, { headers: { authorization: `Bearer ${token}` } });
      await answer.arrayBuffer();
      if (answer.ok) told.answered += 1;
      else told.failed += 1;
    } catch {
      told.failed += 1;
    }
    await sleep(10);
  }
}
