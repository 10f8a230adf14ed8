import { expect, test } from 'vitest';
import { maskRecipient } from './mask.ts';

test.each([
  ['sms', '+886912345678', '+886912***678'],
  ['sms', '+12345678', '+12***678'],
  ['email', 'owner@example.com', 'o***r@example.com'],
  ['email', 'ann@example.com', 'a***n@example.com'],
  ['email', 'ab@example.com', '***@example.com'],
  ['email', '"a@b"@example.com', '"***"@example.com'],
] as const)('%s %s', (channel, to, masked) => {
  expect(maskRecipient(channel, to)).toBe(masked);
});
