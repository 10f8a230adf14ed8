import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Does something `perSecond` times a second, whether the last one is done or not, until it is told to stop; then waits for what
 * is under way. Who is late does not catch up. With `atOnce` under way it waits for one of them.
 */
export async function steadily(
  { perSecond, signal, atOnce = 50 }: { perSecond: number; signal: AbortSignal; atOnce?: number },
  task: (n: number) => Promise<unknown>,
): Promise<void> {
  const underWay = new Set<Promise<unknown>>();
  for (let n = 0; !signal.aborted; n++) {
    const doing = task(n)
      .catch(() => {})
      .finally(() => underWay.delete(doing));
    underWay.add(doing);
    await sleep(1000 / perSecond);
    if (underWay.size >= atOnce) await Promise.race(underWay);
  }
  await Promise.all(underWay);
}
