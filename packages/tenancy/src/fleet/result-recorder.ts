import type { MigrationResult } from './migration.ts';

/**
 * Writes results down together: those that come while the last ones are being written go with the next. A result that is
 * lost in a crash costs a look at the tenant's own ledger.
 */
export class ResultRecorder {
  readonly #write: (results: MigrationResult[]) => Promise<void>;
  #waiting: MigrationResult[] = [];
  #writing: Promise<void> | undefined;
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

  /** Resolves when everything is written. @throws what writing threw. */
  async flushed(): Promise<void> {
    await this.#writing;
    if (this.#error !== undefined) throw this.#error;
  }

  async #writeAll(): Promise<void> {
    try {
      while (this.#waiting.length > 0) await this.#write(this.#waiting.splice(0));
    } catch (error) {
      this.#error = error;
    } finally {
      this.#writing = undefined;
    }
  }
}
