import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import { createRefreshToken, parseRefreshToken } from './refresh-token.ts';

test('a token names its session and proves to be the one that was made', () => {
  const { sessionId, hash, text } = createRefreshToken(randomUUID());
  expect(parseRefreshToken(text)).toEqual({ sessionId, hash });
});

test('two tokens of one session have different secrets', () => {
  const id = randomUUID();
  expect(createRefreshToken(id).hash).not.toEqual(createRefreshToken(id).hash);
});

test.each(['', 'x', 'A'.repeat(63), 'A'.repeat(65), `${'A'.repeat(63)}=`])('%j is no token', (text) => {
  expect(parseRefreshToken(text)).toBeUndefined();
});
