import { randomInt } from 'node:crypto';
import { expect, test } from 'vitest';
import { generateCode } from './code.ts';

test('a code has the length and the alphabet of its policy, leading zeros included', () => {
  expect(generateCode({ codeLength: 6, alphabet: '0123456789' }, () => 0)).toBe('000000');
  expect(generateCode({ codeLength: 8, alphabet: 'AB' }, (bound) => bound - 1)).toBe('BBBBBBBB');
});

test('every digit is equally likely at every place', () => {
  const samples = 20_000;
  const counts = Array.from({ length: 6 }, () => new Array<number>(10).fill(0));
  for (let n = 0; n < samples; n++) {
    const code = generateCode({ codeLength: 6, alphabet: '0123456789' }, randomInt);
    [...code].forEach((digit, place) => {
      const row = counts[place] ?? [];
      row[Number(digit)] = (row[Number(digit)] ?? 0) + 1;
    });
  }
  const expected = samples / 10;
  for (const row of counts) {
    const chiSquared = row.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
    // Nine degrees of freedom: 42 is exceeded by a fair source once in 300,000 rows.
    expect(chiSquared).toBeLessThan(42);
  }
});
