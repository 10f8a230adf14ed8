import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import {
  createRefreshToken,
  drawSalt,
  parseRefreshToken,
  type RefreshToken,
  successorOf,
} from './refresh-token.ts';

test('a token names its session and proves to be the one that was made', () => {
  const sessionId = randomUUID();
  const { hash, familyHash, text } = createRefreshToken(sessionId);
  expect(parseRefreshToken(text)).toMatchObject({ sessionId, hash, familyHash });
});

test('the token after a token is the same for the same salt, and of the same family', () => {
  const parse = (text: string) => parseRefreshToken(text) as RefreshToken;
  const first = parse(createRefreshToken(randomUUID()).text);
  const salt = drawSalt();
  const second = parse(successorOf(first, salt).text);
  expect(successorOf(first, salt).text).toBe(successorOf(first, salt).text);
  expect(successorOf(first, drawSalt()).hash).not.toEqual(second.hash);
  expect(second.hash).not.toEqual(first.hash);
  expect(second).toMatchObject({ sessionId: first.sessionId, familyHash: first.familyHash });
});

test('two tokens of one session have different secrets', () => {
  const id = randomUUID();
  expect(createRefreshToken(id).hash).not.toEqual(createRefreshToken(id).hash);
});

test.each(['', 'x', 'A'.repeat(63), 'A'.repeat(65), `${'A'.repeat(63)}=`])('%j is no token', (text) => {
  expect(parseRefreshToken(text)).toBeUndefined();
});
