import { setTimeout as sleep } from 'node:timers/promises';
import type { World } from './world.ts';

/** Two people who edit a document and count how long their edits take to the other. */
export async function work(world: World, token: string, documentId: string) {
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
