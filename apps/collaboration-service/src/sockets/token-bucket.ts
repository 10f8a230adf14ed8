/** So many at once, and so many a second. */
export interface Rate {
  burst: number;
  perSecond: number;
}

/** Counts one sender's messages against a rate. */
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
    const { burst, perSecond } = this.#rate;
    this.#tokens = Math.min(burst, this.#tokens + ((nowMilliseconds - this.#filledAt) / 1000) * perSecond);
    this.#filledAt = nowMilliseconds;
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }
}
