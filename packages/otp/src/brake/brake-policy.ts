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
};
