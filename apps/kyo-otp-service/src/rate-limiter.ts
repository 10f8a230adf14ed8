/**
 * Lets each key through `count` times in `windowSeconds`: all at once after a pause, then one every
 * `windowSeconds / count` (the generic cell rate algorithm of ATM, ITU-T I.371, which keeps one time per key).
 *
 * Kept in this process and for `maxKeys` keys, those seen last: of n processes behind a load balancer a key gets n times
 * the limit at most.
 */
export class RateLimiter {
  readonly #intervalMilliseconds: number;
  readonly #burstMilliseconds: number;
  readonly #maxKeys: number;
  /** When the key would be back to a full burst. */
  readonly #fullAgainAt = new Map<string, number>();

  constructor(options: { count: number; windowSeconds: number; maxKeys: number }) {
    this.#intervalMilliseconds = (options.windowSeconds * 1000) / options.count;
    this.#burstMilliseconds = options.windowSeconds * 1000;
    this.#maxKeys = options.maxKeys;
  }

  /** Counts one use. @returns seconds to wait when it is one too many, which is not counted; else 0. */
  take(key: string, at: Date): number {
    const now = at.getTime();
    const next = Math.max(this.#fullAgainAt.get(key) ?? 0, now) + this.#intervalMilliseconds;
    const waitMilliseconds = next - now - this.#burstMilliseconds;
    if (waitMilliseconds > 0) return waitMilliseconds / 1000;
    // Put at the end: a Map keeps the order of insertion, so the first key is the one unused for longest.
    this.#fullAgainAt.delete(key);
    this.#fullAgainAt.set(key, next);
    for (const oldest of this.#fullAgainAt.keys()) {
      if (this.#fullAgainAt.size <= this.#maxKeys) break;
      this.#fullAgainAt.delete(oldest);
    }
    return 0;
  }
}
