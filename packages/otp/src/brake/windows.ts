import type { Limit } from '../policy.ts';
import type { Bucket, SharedCounts } from './shared-counts.ts';

/** Long enough for a bucket to be asked for by processes whose clocks differ a little. */
const graceMilliseconds = 60_000;

/** The bucket of `series` that `at` lies in, or one `back` before it. Buckets are `milliseconds` long and begin at 1970. */
export function bucketOf(series: string, milliseconds: number, at: number, back = 0, keptFor = 2): Bucket {
  const index = Math.floor(at / milliseconds) - back;
  const endsAt = (index + 1) * milliseconds;
  return {
    key: `${series}:${milliseconds}:${index}`,
    endsAt,
    expiresAt: endsAt + (keptFor - 1) * milliseconds + graceMilliseconds,
  };
}

/** The buckets of a series, made once for as long as time stays in the newest: a request asks for a dozen of them. */
export class Buckets {
  readonly #series: string;
  readonly #milliseconds: number;
  readonly #count: number;
  #index = Number.NaN;
  #newestFirst: Bucket[] = [];

  /** @param count how many are asked for, the running one included. */
  constructor(series: string, milliseconds: number, count: number) {
    this.#series = series;
    this.#milliseconds = milliseconds;
    this.#count = count;
  }

  /** The running bucket, and those before it. */
  at(time: number): readonly Bucket[] {
    const index = Math.floor(time / this.#milliseconds);
    if (index !== this.#index) {
      this.#index = index;
      this.#newestFirst = Array.from({ length: this.#count }, (_, back) =>
        bucketOf(this.#series, this.#milliseconds, time, back, this.#count),
      );
    }
    return this.#newestFirst;
  }
}

/** The calendar months (UTC), for one series of counts. */
export class Months {
  readonly #series: string;
  #beginsAt = 0;
  #bucket: Bucket = { key: '', endsAt: 0, expiresAt: 0 };

  constructor(series: string) {
    this.#series = series;
  }

  at(time: Date): Bucket {
    if (time.getTime() < this.#beginsAt || time.getTime() >= this.#bucket.endsAt) {
      this.#beginsAt = Date.UTC(time.getUTCFullYear(), time.getUTCMonth());
      const endsAt = Date.UTC(time.getUTCFullYear(), time.getUTCMonth() + 1);
      const key = `${this.#series}:${time.toISOString().slice(0, 7)}`;
      this.#bucket = { key, endsAt, expiresAt: endsAt + graceMilliseconds };
    }
    return this.#bucket;
  }
}

/**
 * A sliding window over two counts: the running one, and the one before it as far as the window still reaches into it,
 * taken as evenly spread. It is exact for an even stream; one that comes in bursts gets less than twice the limit in the
 * worst place a window can lie.
 */
export class SlidingLimit {
  readonly #counts: SharedCounts;
  readonly #series: string;
  /** By their length. */
  readonly #buckets = new Map<number, Buckets>();

  constructor(counts: SharedCounts, series: string) {
    this.#counts = counts;
    this.#series = series;
  }

  /** @returns seconds until one more is allowed, 0 if it is now. Counts nothing. */
  waitSeconds(name: string, limit: Limit, at: number): number {
    const { current, previous, elapsed } = this.#usedAt(name, limit, at);
    const most = limit.count - 1;
    if (current + previous * (1 - elapsed) <= most) return 0;
    // In this window, as the previous one slides out; or in the next, as this one does.
    const wait = current <= most ? 1 - (most - current) / previous - elapsed : 2 - most / current - elapsed;
    return Math.max(wait * limit.windowSeconds, 0.001);
  }

  /** @returns how many more are allowed now, if all came at once. */
  left(name: string, limit: Limit, at: number): number {
    const { current, previous, elapsed } = this.#usedAt(name, limit, at);
    return Math.max(0, limit.count - current - previous * (1 - elapsed));
  }

  add(name: string, limit: Limit, at: number, amount = 1): void {
    const [running] = this.#bucketsOf(limit.windowSeconds * 1000, at);
    if (running) this.#counts.add(running, name, amount);
  }

  /** Counted in the running window and in the one before, and how much of the running one is over. */
  #usedAt(name: string, { windowSeconds }: Limit, at: number) {
    const length = windowSeconds * 1000;
    const [running, last] = this.#bucketsOf(length, at);
    return {
      current: running ? this.#counts.total(running, name) : 0,
      previous: last ? this.#counts.total(last, name) : 0,
      elapsed: (at % length) / length,
    };
  }

  #bucketsOf(length: number, at: number): readonly Bucket[] {
    let buckets = this.#buckets.get(length);
    if (!buckets) {
      buckets = new Buckets(this.#series, length, 2);
      this.#buckets.set(length, buckets);
    }
    return buckets.at(at);
  }
}
