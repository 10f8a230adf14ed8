import type { OtpPolicy } from './policy.ts';

/** Draws an integer from 0 up to, not including, `bound`: uniformly, from a CSPRNG (`crypto.randomInt`). */
export type RandomInt = (bound: number) => number;

/** A code in which every character of the alphabet is equally likely at every place. */
export function generateCode(
  { codeLength, alphabet }: Pick<OtpPolicy, 'codeLength' | 'alphabet'>,
  randomInt: RandomInt,
): string {
  return Array.from({ length: codeLength }, () => alphabet.charAt(randomInt(alphabet.length))).join('');
}
