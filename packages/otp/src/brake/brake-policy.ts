import type { Limit } from '../policy.ts';
import type { ConversionPolicy } from './conversion.ts';

/** The brake on SMS pumping: who sends to many numbers of one range, of which few are ever used, sends for the fee. */
export interface BrakePolicy {
  homeCountry: string;
  /** Codes to ten thousand numbers in a row: a number without its last four digits. */
  blockSends: Limit;
  /** Codes to a whole country other than the home country. */
  countrySends: Limit;
  conversion: ConversionPolicy;
  /** What a segment costs abroad, in what it costs at home; `other` for countries that are not named. */
  prices: { other: number; countries: Partial<Record<string, number>> };
  /** When so many wrong codes came from everywhere, and no fewer than right ones, somebody guesses at many people at once. */
  guessing: Limit & {
    /** So many are one whatever else comes in: right codes can be had by whoever guesses. */
    certain: number;
    /** Wrong codes of a recipient that are borne meanwhile, but from where they have signed in before. */
    attempts: number;
  };
}

export const defaultBrake: Omit<BrakePolicy, 'homeCountry'> = {
  blockSends: { count: 30, windowSeconds: 600 },
  countrySends: { count: 100, windowSeconds: 600 },
  // Of people who ask for a code, seven in ten and more use it; of pumped ones hardly any.
  conversion: {
    bucketSeconds: 300,
    buckets: 6,
    minSends: 20,
    minRate: 0.2,
    trials: { count: 2, windowSeconds: 60 },
    recoverySends: 3,
  },
  // The dearest message that is sent (USD 0.20, KYO_AWS_SMS_MAX_PRICE_USD) against a point of Mitake (TWD 0.9, USD 0.028).
  prices: { other: 7, countries: {} },
  // A person in ten mistypes: a hundred in ten minutes are of a thousand sign-ins, of which nine hundred are right.
  guessing: { count: 100, windowSeconds: 600, certain: 2_000, attempts: 3 },
};
