import { vi } from 'vitest';

/**
 * Tries `condition` until it throws nothing, and answers what it answers. How long that takes is the machine's business: the
 * bound only ends what would never end.
 * @throws what `condition` threw last, after two minutes.
 */
export function eventually<T>(
  condition: () => T | Promise<T>,
  { interval = 20 }: { interval?: number } = {},
): Promise<T> {
  return vi.waitFor(condition, { timeout: 120_000, interval });
}
