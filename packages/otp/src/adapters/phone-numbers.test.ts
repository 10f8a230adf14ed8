import { expect, test } from 'vitest';
import { canonicalPhoneNumber, phoneNumbers } from './phone-numbers.ts';

const { kindOf } = phoneNumbers('TW');

test.each([
  ['+886912345678', 'TW', 'mobile'],
  ['+886900000001', 'TW', 'mobile'],
  ['+886991234567', 'TW', 'personal'],
  ['+886223456789', 'TW', 'other'],
  ['+886203123456', 'TW', 'other'],
  ['+88691234567', 'TW', 'unassigned'],
  ['+886912345678901', 'TW', 'other'],
  ['+819012345678', 'JP', 'mobile'],
  ['+85251234567', 'HK', 'mobile'],
  ['+14155552671', 'US', 'mobile'],
  ['+19005551234', 'US', 'other'],
  ['+447012345678', 'GB', 'personal'],
  ['+882123456789', undefined, 'unassigned'],
  ['+99999999999', undefined, 'unassigned'],
])('%s is of %s: %s', (number, country, kind) => {
  expect(kindOf(number)).toEqual({ country, kind });
});

test.each([
  ['+886912000202', '+886912000202'],
  ['+8860912000202', '+886912000202'],
  ['+88600912000202', undefined],
  ['+4407911123456', '+447911123456'],
  ['+390612345678', '+390612345678'],
  ['+882123456789', '+882123456789'],
])('%s is written %s', (number, canonical) => {
  expect(canonicalPhoneNumber(number)).toBe(canonical);
});

test('a country whose numbers begin like those of others cannot be home', () => {
  expect(() => phoneNumbers('US')).toThrow(RangeError);
});
