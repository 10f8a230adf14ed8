import { expect, test } from 'vitest';
import { mailboxOf } from './mailbox.ts';

test.each([
  ['+886912345678', '+886912345678'],
  ['ann@example.com', 'ann@example.com'],
  ['Ann+gym@Example.com', 'ann@example.com'],
  ['ann+gym+2@example.com', 'ann@example.com'],
  ['+ann@example.com', '+ann@example.com'],
  ['a.n.n@example.com', 'a.n.n@example.com'],
  ['a.n.n+gym@googlemail.com', 'ann@gmail.com'],
])('%s leads to %s', (address, mailbox) => {
  expect(mailboxOf(address)).toBe(mailbox);
});
