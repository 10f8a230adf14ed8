import { expect, it } from 'vitest';
import { redactText } from './redact.ts';

const token = 'eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl';

it.each([
  [`with ${token} in it`, 'with [token] in it'],
  [`next=%20${token}&x`, 'next=%20[token]&x'],
  [`x.eyJ-short eyJ.a.b ${token}`, 'x.eyJ-short eyJ.a.b [token]'],
  ['postgresql://kyo:hunter2@10.0.0.1/db', 'postgresql://[secret]@10.0.0.1/db'],
  ['rediss://a:b@c d://e:f@g', 'rediss://[secret]@c d://[secret]@g'],
  ['for +886912345678, %2B886912345678 and %2b886912345678', 'for [phone], [phone] and [phone]'],
  ['to o.w-n+er@example.com, owner%40example.com', 'to [email], [email]'],
  ['a@b@c.example', 'a@[email]'],
  ['a%40b%40c.example', '[email]'],
])('redactText makes of %j what holds no secret', (text, expected) => {
  expect(redactText(text)).toBe(expected);
});

it('redactText leaves a text alone when no secret is in it', () => {
  const text =
    'tenant iron-temple moved from 10.0.0.1:5432 in 12 ms; 1+1234567 is a sum; see https://kyo.example/@docs, vitest@5.1.1';
  expect(redactText(text)).toBe(text);
});

/** Each made of marks that lead nowhere, the most work for a byte. */
const hostile = ['a', 'eyJ', 'eyJ.', 'a@', 'a%40', '://', 'a://b:', '+1', 'a.', '@a.a'];

it.each(hostile)('redactText takes time in proportion to the length of a text made of %j', (piece) => {
  const text = piece.repeat(300_000 / piece.length);
  const milliseconds = (work: () => void) => {
    const startedAt = performance.now();
    work();
    return performance.now() - startedAt;
  };
  const floor = milliseconds(() => {
    text.replaceAll(/[^x]/g, 'x');
  });
  // Of the order of one look at each character; quadratic work would be 150,000 looks at each.
  expect(milliseconds(() => redactText(text))).toBeLessThan(500 * floor);
});
