import { expect, it } from 'vitest';
import { printable } from './printable.ts';

it('printable escapes what a terminal obeys, and leaves the rest', () => {
  expect(
    printable({ name: '\u001b[31mRED\u001b]0;title\u0007\r\nfake', rows: ['a\u202eb', 1, null] }),
  ).toEqual({
    name: '\\u{1b}[31mRED\\u{1b}]0;title\\u{7}\\u{d}\\u{a}fake',
    rows: ['a\\u{202e}b', 1, null],
  });
  expect(printable('鐵殿 👩‍👩‍👧 iron-temple')).toBe('鐵殿 👩‍👩‍👧 iron-temple');
});
