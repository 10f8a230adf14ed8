import { expect, test } from 'vitest';
import { OtpKeys } from './keys.ts';
import { createRequestId } from './request-id.ts';

const keys = new OtpKeys(Buffer.alloc(32, 1));
const others = new OtpKeys(Buffer.alloc(32, 2));

test('the hash of a code depends on the key, the request and the code', () => {
  const hashes = [
    keys.hashCode('request', '123456'),
    keys.hashCode('request', '123457'),
    keys.hashCode('another', '123456'),
    others.hashCode('request', '123456'),
  ];
  expect(new Set(hashes).size).toBe(4);
});

test('a recipient is a keyed hash: the same under one key, unrelated under another', () => {
  expect(keys.recipient('+886912345678')).toEqual(keys.recipient('+886912345678'));
  expect(keys.recipient('+886912345678')).not.toEqual(others.recipient('+886912345678'));
});

test('what is sealed opens under the same key and context only, and unchanged only', () => {
  const sealed = keys.seal('grant 1', 'text');
  expect(sealed).not.toContain('text');
  expect(keys.open('grant 1', sealed)).toBe('text');
  expect(keys.open('grant 2', sealed)).toBeUndefined();
  expect(others.open('grant 1', sealed)).toBeUndefined();
  const changed = Buffer.from(sealed, 'base64url');
  changed.writeUInt8(changed.readUInt8(14) ^ 1, 14);
  expect(keys.open('grant 1', changed.toString('base64url'))).toBeUndefined();
  expect(keys.open('grant 1', 'short')).toBeUndefined();
});

test('a secret of another length is refused', () => {
  expect(() => new OtpKeys(Buffer.alloc(16))).toThrow(RangeError);
});

test('after a change of the secret everything made before still opens, and what is new is under the new one', () => {
  const [before, after] = [Buffer.alloc(32, 1), Buffer.alloc(32, 2)];
  const changed = new OtpKeys(after, [before]);
  const oldRequest = createRequestId(keys.id, keys.recipient('+886912345678'));
  expect(changed.hashCode(oldRequest, '123456')).toBe(keys.hashCode(oldRequest, '123456'));
  expect(changed.open('grant 1', keys.seal('grant 1', 'text'))).toBe('text');

  const newRequest = createRequestId(changed.id, changed.recipient('+886912345678'));
  expect(changed.hashCode(newRequest, '123456')).toBe(others.hashCode(newRequest, '123456'));
  expect(others.open('grant 2', changed.seal('grant 2', 'text'))).toBe('text');
  expect(keys.open('grant 2', changed.seal('grant 2', 'text'))).toBeUndefined();
});

test('two secrets that a request could not tell apart are refused', () => {
  expect(() => new OtpKeys(Buffer.alloc(32, 1), [Buffer.alloc(32, 1)])).toThrow(RangeError);
});
