import type { AlarmBell } from './alarm-bell.ts';
import type { BrakePolicy } from './brake-policy.ts';
import type { SharedCounts } from './shared-counts.ts';
import { Buckets } from './windows.ts';

/** All of the platform is one. */
const everywhere = 'everywhere';

/**
 * Wrong codes of all recipients together. Each recipient has few, so that whoever guesses at one gets nowhere; whoever guesses
 * at ten thousand is only seen here (ASVS 5.0, 6.3.1).
 */
export class GuessingWatch {
  readonly #counts: SharedCounts;
  readonly #policy: BrakePolicy['guessing'];
  readonly #bell: AlarmBell;
  readonly #wrong: Buckets;
  readonly #right: Buckets;

  constructor(counts: SharedCounts, policy: BrakePolicy['guessing'], bell: AlarmBell) {
    this.#counts = counts;
    this.#policy = policy;
    this.#bell = bell;
    this.#wrong = new Buckets('wrong', policy.windowSeconds * 1000, 2);
    this.#right = new Buckets('right', policy.windowSeconds * 1000, 2);
  }

  count(outcome: 'right' | 'wrong', at: Date): void {
    const [running] = (outcome === 'right' ? this.#right : this.#wrong).at(at.getTime());
    if (running) this.#counts.add(running, everywhere);
  }

  /** @returns how many wrong codes of a recipient are borne now, if fewer than always. */
  most(at: Date): number | undefined {
    const total = (buckets: Buckets) =>
      buckets.at(at.getTime()).reduce((sum, bucket) => sum + this.#counts.total(bucket, everywhere), 0);
    const figures = { wrong: total(this.#wrong), verified: total(this.#right) };
    const { count, certain, attempts } = this.#policy;
    const { wrong, verified } = figures;
    const on = wrong >= certain || (wrong >= count && wrong >= verified);
    this.#bell.set('guessing', on, { kind: 'guessing', ...figures }, { kind: 'guessing_over', ...figures });
    return on ? attempts : undefined;
  }
}
