import { expect, test } from 'vitest';
import { parseAddress } from './address.ts';

test.each([
  ['+886912345678', { channel: 'sms', value: '+886912345678' }],
  ['＋８８６ ９１２-345-678', { channel: 'sms', value: '+886912345678' }],
  [
    `${'a'.repeat(64)}@${'b'.repeat(63)}.com`,
    { channel: 'email', value: `${'a'.repeat(64)}@${'b'.repeat(63)}.com` },
  ],
  ['Ann.Lee+gym@Example.COM', { channel: 'email', value: 'ann.lee+gym@example.com' }],
])('reads %s', (text, address) => {
  expect(parseAddress(text)).toEqual(address);
});

test.each([
  ['a national number', '0912345678'],
  ['a number that is too long', '+1234567890123456'],
  ['no address', 'ann'],
  ['a name of 65 characters', `${'a'.repeat(65)}@example.com`],
  ['a label of 64 characters', `ann@${'b'.repeat(64)}.com`],
  ['a Cyrillic look-alike in the name', 'аnn@example.com'],
  ['a Cyrillic look-alike in the domain', 'ann@ехample.com'],
  ['full-width letters', 'ａｎｎ@example.com'],
  ['a space', 'ann lee@example.com'],
  ['a second line', 'ann@example.com\nbcc: all@example.com'],
])('refuses %s', (_, text) => {
  expect(parseAddress(text)).toBeUndefined();
});
