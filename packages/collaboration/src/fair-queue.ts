interface Waiting {
  run: () => Promise<void>;
}

/**
 * Runs tasks one at a time: those of a tenant in the order in which they came, and the tenants in turn, so that whoever asks for
 * much waits for themselves. A task that is under way is waited for by all.
 */
export class FairQueue {
  readonly #waiting = new Map<string, Waiting[]>();
  #isRunning = false;

  /** How many tasks of a tenant wait for their turn. */
  waitingOf(tenantId: string): number {
    return this.#waiting.get(tenantId)?.length ?? 0;
  }

  run<T>(tenantId: string, task: () => Promise<T>): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    const ofTenant = this.#waiting.get(tenantId) ?? [];
    ofTenant.push({ run: () => task().then(resolve, reject) });
    this.#waiting.set(tenantId, ofTenant);
    if (!this.#isRunning) void this.#runAll();
    return promise;
  }

  async #runAll(): Promise<void> {
    this.#isRunning = true;
    for (;;) {
      const [next] = this.#waiting;
      if (!next) break;
      const [tenantId, [first, ...others]] = next;
      // Put at the end: a Map keeps the order of insertion.
      this.#waiting.delete(tenantId);
      if (others.length > 0) this.#waiting.set(tenantId, others);
      await first?.run();
    }
    this.#isRunning = false;
  }
}
