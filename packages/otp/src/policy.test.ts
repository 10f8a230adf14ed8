import { expect, test } from 'vitest';
import { checkPolicy, defaultPolicy } from './policy.ts';

test('the default policy is safe', () => {
  expect(checkPolicy(defaultPolicy)).toBe(defaultPolicy);
});

test.each([
  ['a lifetime beyond ten minutes', { lifetimeSeconds: 601 }],
  ['a lifetime that is no number', { lifetimeSeconds: Number.NaN }],
  ['fewer than a million codes', { codeLength: 5 }],
  ['a code longer than can be typed back', { codeLength: 11 }],
  ['an alphabet with a doubled character', { alphabet: '01234567899' }],
  ['an alphabet the contract would refuse', { alphabet: 'abcdefghij' }],
  ['no attempt', { attempts: { count: 0, windowSeconds: 60 } }],
  ['unlimited sends', { sends: [] }],
  ['a resend without a wait', { resend: { waitSeconds: [], windowSeconds: 60 } }],
])('refuses %s', (_, change) => {
  expect(() => checkPolicy({ ...defaultPolicy, ...change })).toThrow(RangeError);
});
