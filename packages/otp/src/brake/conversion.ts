import type { Limit } from '../policy.ts';
import type { SharedCounts } from './shared-counts.ts';
import { Buckets } from './windows.ts';

export interface ConversionPolicy {
  /** The window is this many buckets of this length, and the running one. */
  bucketSeconds: number;
  buckets: number;
  /** Fewer sends than this say nothing. */
  minSends: number;
  /** Below this share of verified codes a range is cut off. */
  minRate: number;
  /** What still goes to a range that is cut off, to see whether it has recovered. */
  trials: Limit;
  /** As many sends in the last two buckets, converted well, end the cut-off. */
  recoverySends: number;
}

export interface Conversion {
  sent: number;
  verified: number;
  cutOff: boolean;
}

/** Ranges whose conversion is remembered. */
const maxRemembered = 50_000;

/** Codes sent to a range of numbers and codes from it that were verified, over a sliding window. */
export class ConversionWatch {
  readonly #counts: SharedCounts;
  readonly #policy: ConversionPolicy;
  readonly #sent: Buckets;
  readonly #verified: Buckets;
  /** By range, as of this second: what others count is heard of no more often either. */
  #remembered = new Map<string, Conversion>();
  #second = Number.NaN;

  constructor(counts: SharedCounts, policy: ConversionPolicy) {
    this.#counts = counts;
    this.#policy = policy;
    this.#sent = new Buckets('sent', policy.bucketSeconds * 1000, policy.buckets + 1);
    this.#verified = new Buckets('verified', policy.bucketSeconds * 1000, policy.buckets + 1);
  }

  countSent(range: string, at: number, amount = 1): void {
    const [running] = this.#sent.at(at);
    if (running) this.#counts.add(running, range, amount);
  }

  countVerified(range: string, at: number): void {
    const [running] = this.#verified.at(at);
    if (running) this.#counts.add(running, range);
  }

  /**
   * Whether the range is cut off follows from the counts alone, so that every process comes to the same answer and one
   * that starts again finds it. Sends of the running bucket are left out: their people are still typing.
   */
  conversionOf(range: string, at: number): Conversion {
    const second = Math.floor(at / 1000);
    if (second !== this.#second || this.#remembered.size >= maxRemembered) {
      this.#second = second;
      this.#remembered = new Map();
    }
    let conversion = this.#remembered.get(range);
    if (!conversion) {
      conversion = this.#compute(range, at);
      this.#remembered.set(range, conversion);
    }
    return conversion;
  }

  #compute(range: string, at: number): Conversion {
    const { minSends, minRate, recoverySends } = this.#policy;
    const sent = this.#sent.at(at).map((bucket, back) => (back ? this.#counts.total(bucket, range) : 0));
    const verified = this.#verified.at(at).map((bucket) => this.#counts.total(bucket, range));
    const all = { sent: sum(sent), verified: sum(verified) };
    const recent = { sent: sum(sent.slice(0, 3)), verified: sum(verified.slice(0, 3)) };
    const poor = all.sent >= minSends && all.verified < all.sent * minRate;
    const recovered = recent.sent >= recoverySends && recent.verified >= recent.sent * minRate;
    return { ...all, cutOff: poor && !recovered };
  }
}

function sum(numbers: number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
