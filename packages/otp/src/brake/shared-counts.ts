/** A span of time that is counted by itself. Times are milliseconds since 1970. */
export interface Bucket {
  /** Names it in the store. */
  key: string;
  endsAt: number;
  /** Nobody asks for it later than this. */
  expiresAt: number;
}

export interface Increment {
  bucket: Bucket;
  name: string;
  amount: number;
  /** The total as this process knows it: what a store that has none, or has lost it, begins with. */
  known: number;
  /** The total is no less, whatever the store has. */
  atLeast: number;
}

/** Where the processes add up what they have counted. */
export interface CountStore {
  /** Adds all amounts, zeros and negative ones included. @returns the totals of all processes, in the same order. */
  add(increments: Increment[]): Promise<number[]>;
}

interface Cell {
  bucket: Bucket;
  name: string;
  /** Of all processes, as last heard. */
  known: number;
  /** Counted here and not yet told. */
  pending: number;
  /** Known from elsewhere and not yet told. */
  atLeast: number;
  heardAt: number;
}

export const flushIntervalMilliseconds = 1_000;
/** Names in one bucket; beyond it all others share one count. About 10 MB a bucket that full. */
const maxNames = 50_000;
/** No tenant and no range is called so. */
const others = '*';
/** Told and asked in one call to the store. */
const maxIncrements = 500;

/**
 * Counts in this process what a request needs to know at once, and shares it with the other processes in the background
 * by `flush`, once every `flushIntervalMilliseconds`.
 *
 * How wrong a total can be: what the other processes have counted since this one last heard of it. So n processes
 * together let through at most (n − 1) × (what one of them lets through in one interval) more than a limit says, and
 * never more than n times the limit. While the store is away each process counts alone, which is n times the limit at
 * worst. A flush whose answer is lost is told twice, which errs on the strict side.
 *
 * A store that forgets is told again what this process knew of the names that are still counted.
 */
export class SharedCounts {
  readonly #store: CountStore;
  readonly #now: () => Date;
  readonly #buckets = new Map<string, { expiresAt: number; cells: Map<string, Cell> }>();
  #due = new Set<Cell>();

  constructor(options: { store: CountStore; now: () => Date }) {
    this.#store = options.store;
    this.#now = options.now;
  }

  add(bucket: Bucket, name: string, amount = 1): void {
    const cell = this.#cell(bucket, name);
    cell.pending += amount;
    this.#due.add(cell);
  }

  /** The total as far as this process knows; what it asks for is heard of with the next flush. */
  total(bucket: Bucket, name: string): number {
    const cell = this.#cell(bucket, name);
    // A bucket that was over when last heard of changes no more, but for what others told late.
    if (cell.heardAt < bucket.endsAt + 2 * flushIntervalMilliseconds) this.#due.add(cell);
    return cell.known + cell.pending;
  }

  /** Whatever this process has counted or asked for in a bucket. */
  names(bucket: Bucket): string[] {
    return [...(this.#buckets.get(bucket.key)?.cells.keys() ?? [])];
  }

  /** A total that is known from elsewhere: what is counted here is no less. */
  raise(bucket: Bucket, name: string, total: number): void {
    const cell = this.#cell(bucket, name);
    cell.known = Math.max(cell.known, total);
    cell.atLeast = total;
    this.#due.add(cell);
  }

  /** Tells what was counted and hears the totals. @throws what the store throws; nothing counted is lost by it. */
  async flush(): Promise<void> {
    const now = this.#now().getTime();
    const due = [...this.#due];
    this.#due = new Set();
    for (const [key, { expiresAt }] of this.#buckets) if (expiresAt <= now) this.#buckets.delete(key);
    while (due.length > 0) {
      const part = due.splice(0, maxIncrements);
      const told = part.map(({ bucket, name, pending: amount, known, atLeast }) => {
        return { bucket, name, amount, known, atLeast };
      });
      try {
        const totals = await this.#store.add(told);
        for (const [n, cell] of part.entries()) {
          cell.known = totals[n] ?? cell.known;
          cell.pending -= told[n]?.amount ?? 0;
          cell.atLeast = 0;
          cell.heardAt = now;
        }
      } catch (error) {
        for (const cell of [...part, ...due]) this.#due.add(cell);
        throw error;
      }
    }
  }

  #cell(bucket: Bucket, name: string): Cell {
    let entry = this.#buckets.get(bucket.key);
    if (!entry) {
      entry = { expiresAt: bucket.expiresAt, cells: new Map() };
      this.#buckets.set(bucket.key, entry);
    }
    const kept = entry.cells.size < maxNames || entry.cells.has(name) ? name : others;
    let cell = entry.cells.get(kept);
    if (!cell) {
      cell = { bucket, name: kept, known: 0, pending: 0, atLeast: 0, heardAt: 0 };
      entry.cells.set(kept, cell);
    }
    return cell;
  }
}
