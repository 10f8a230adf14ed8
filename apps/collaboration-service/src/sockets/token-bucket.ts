/** So much at once, and so much a second. */
export interface Rate {
  burst: number;
  perSecond: number;
}

/** Counts what is done against a rate. */
export class TokenBucket {
  readonly #rate: Rate;
  #tokens: number;
  #filledAt: number;

  constructor(rate: Rate, nowMilliseconds: number) {
    this.#rate = rate;
    this.#tokens = rate.burst;
    this.#filledAt = nowMilliseconds;
  }

  /** @returns whether there was one left. */
  take(nowMilliseconds: number): boolean {
    this.#fill(nowMilliseconds);
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }

  /** Pays for what is done, by debt if need be: how much it is, is known afterwards only. Less than nothing gives back. */
  spend(amount: number, nowMilliseconds: number): void {
    this.#fill(nowMilliseconds);
    this.#tokens = Math.min(this.#rate.burst, this.#tokens - amount);
  }

  /** How long it takes until there is no debt, in ms. */
  debtMilliseconds(nowMilliseconds: number): number {
    this.#fill(nowMilliseconds);
    return this.#tokens >= 0 ? 0 : Math.ceil((-this.#tokens / this.#rate.perSecond) * 1000);
  }

  isFull(nowMilliseconds: number): boolean {
    this.#fill(nowMilliseconds);
    return this.#tokens >= this.#rate.burst;
  }

  #fill(nowMilliseconds: number): void {
    const { burst, perSecond } = this.#rate;
    this.#tokens = Math.min(burst, this.#tokens + ((nowMilliseconds - this.#filledAt) / 1000) * perSecond);
    this.#filledAt = nowMilliseconds;
  }
}
