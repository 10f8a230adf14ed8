import { setTimeout as pause } from 'node:timers/promises';

const boundMilliseconds = 300_000;

/**
 * Tries `condition` until it throws nothing, and answers what it answers. How long that takes is the machine's business: the
 * bound only ends what would never end.
 * @throws what `condition` threw last, after five minutes.
 */
export async function eventually<T>(
  condition: () => T | Promise<T>,
  { interval = 20 }: { interval?: number } = {},
): Promise<T> {
  const deadline = performance.now() + boundMilliseconds;
  for (;;) {
    try {
      return await condition();
    } catch (error) {
      if (performance.now() > deadline) throw error;
    }
    await pause(interval);
  }
}
