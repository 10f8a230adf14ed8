import { setTimeout as sleep } from 'node:timers/promises';

const patienceMilliseconds = 60_000;

/** @throws {Error} when it does not come true within a minute. */
export async function until(condition: () => boolean, what: string): Promise<void> {
  const startedAt = performance.now();
  while (!condition()) {
    if (performance.now() - startedAt > patienceMilliseconds)
      throw new Error(`${what}: not everything arrived.`);
    await sleep(2);
  }
}
