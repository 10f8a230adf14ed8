/** Follows the numbers of a document's updates and notices when one has not come. */
export class Sequence {
  #upTo = 0;
  readonly #ahead = new Set<number>();

  /** Everything up to this is known. */
  reset(seq: number): void {
    this.#upTo = seq;
    this.#ahead.clear();
  }

  /** @returns whether the numbers do not fit: one that was used before says that they have begun anew. */
  take(seq: number): boolean {
    if (seq <= this.#upTo || this.#ahead.has(seq)) return true;
    this.#ahead.add(seq);
    while (this.#ahead.delete(this.#upTo + 1)) this.#upTo += 1;
    return this.hasGap;
  }

  get hasGap(): boolean {
    return this.#ahead.size > 0;
  }
}
