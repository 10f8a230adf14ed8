import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createRequestId, keyIdOf, recipientBytes, recipientOf } from './request-id.ts';

test('a name carries the recipient and never comes twice', () => {
  const recipient = randomBytes(recipientBytes);
  const ids = Array.from({ length: 1000 }, () => createRequestId(7, recipient));
  expect(new Set(ids).size).toBe(1000);
  expect(ids.every((id) => recipientOf(id)?.equals(recipient))).toBe(true);
  expect(ids.every((id) => keyIdOf(id) === 7)).toBe(true);
});

test('whatever else comes is no name', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 64 }), (text) => {
      fc.pre(!/^[\w-]{43}$/.test(text));
      expect(recipientOf(text)).toBeUndefined();
    }),
  );
});
