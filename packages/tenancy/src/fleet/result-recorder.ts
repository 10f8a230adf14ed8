import { setTimeout as sleep } from 'node:timers/promises';
import type { MigrationResult } from './migration.ts';

/** Results that come within this time are written down together. */
const gatherMilliseconds = 250;

/**
 * Writes results down, many at a time. One that is lost in a crash costs a look at the tenant's own ledger.
 */
export class ResultRecorder {
  readonly #write: (results: MigrationResult[]) => Promise<void>;
  #waiting: MigrationResult[] = [];
  #writing: Promise<void> | undefined;
  #hurry = new AbortController();
  #error: unknown;

  constructor(write: (results: MigrationResult[]) => Promise<void>) {
    this.#write = write;
  }

  /** Nothing can be written any more; `flushed` says why. */
  get broken(): boolean {
    return this.#error !== undefined;
  }

  add(result: MigrationResult): void {
    this.#waiting.push(result);
    this.#writing ??= this.#writeAll();
  }

  /** Writes what there is, at once. @throws what writing threw. */
  async flushed(): Promise<void> {
    this.#hurry.abort();
    await this.#writing;
    this.#hurry = new AbortController();
    if (this.#error !== undefined) throw this.#error;
  }

  async #writeAll(): Promise<void> {
    try {
      while (this.#waiting.length > 0) {
        await sleep(gatherMilliseconds, undefined, { signal: this.#hurry.signal }).catch(() => {});
        await this.#write(this.#waiting.splice(0));
      }
    } catch (error) {
      this.#error = error;
    } finally {
      this.#writing = undefined;
    }
  }
}
