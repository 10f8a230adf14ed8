/**
 * Lets each key through `count` times in `windowSeconds`: all at once after a pause, then one every
 * `windowSeconds / count` (the generic cell rate algorithm of ATM, ITU-T I.371, which keeps one time per key).
 *
 * Kept in this process and for `maxKeys` keys, those seen last: of n processes behind a load balancer a key gets n times
 * the limit at most. When they are full the older half is forgotten at once: a Map that loses its first key at every call
 * takes longer with each, for it walks past the places of those that are gone.
 */
export class RateLimiter {
  readonly #intervalMilliseconds: number;
  readonly #burstMilliseconds: number;
  readonly #keysInHalf: number;
  /** When the key would be back to a full burst. */
  #newer = new Map<string, number>();
  #older: ReadonlyMap<string, number> = new Map();

  constructor(options: { count: number; windowSeconds: number; maxKeys: number }) {
    this.#intervalMilliseconds = (options.windowSeconds * 1000) / options.count;
    this.#burstMilliseconds = options.windowSeconds * 1000;
    this.#keysInHalf = options.maxKeys / 2;
  }

  /**
   * Counts one use. @returns seconds to wait when it is one too many, which is not counted; else 0.
   * @param asMany how many times as much this key gets.
   */
  take(key: string, at: Date, asMany = 1): number {
    const now = at.getTime();
    const known = this.#newer.get(key);
    const fullAgainAt = known ?? this.#older.get(key) ?? 0;
    const next = Math.max(fullAgainAt, now) + this.#intervalMilliseconds / asMany;
    const waitMilliseconds = next - now - this.#burstMilliseconds;
    if (waitMilliseconds > 0) return waitMilliseconds / 1000;
    if (known === undefined && this.#newer.size >= this.#keysInHalf) {
      this.#older = this.#newer;
      this.#newer = new Map();
    }
    this.#newer.set(key, next);
    return 0;
  }
}
