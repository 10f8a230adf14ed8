import type { Limit } from '../policy.ts';
import type { BrakePolicy } from './brake-policy.ts';
import type { PhoneNumbers } from './ports.ts';

/** A range of numbers that is watched, and how much goes there. */
export interface Range {
  name: string;
  limit: Limit;
}

const blockDigits = 4;

/** The ranges of a number: its block of ten thousand, and abroad its country. Home is not shut for what somebody does there. */
export function rangesOf(phoneNumber: string, policy: BrakePolicy, phoneNumbers: PhoneNumbers): Range[] {
  // Without the plus, so that no log takes it for somebody's number.
  const name = `${phoneNumber.slice(1, -blockDigits)}${'x'.repeat(blockDigits)}`;
  const block = { name, limit: policy.blockSends };
  const { country } = phoneNumbers.kindOf(phoneNumber);
  if (country === undefined || country === policy.homeCountry) return [block];
  return [block, { name: country, limit: policy.countrySends }];
}
