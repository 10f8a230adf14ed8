import { expect, test } from 'vitest';
import { renderMessage } from './message.ts';

const delivery = {
  channel: 'sms',
  to: '+886912345678',
  code: '012345',
  lifetimeSeconds: 300,
  expiresAt: '2026-01-01T00:05:00.000Z',
} as const;

test.each([
  ['en', '012345 is your Kyo code. It is valid for 5 minutes. Do not share it with anyone.'],
  ['zh-TW', 'Kyo 驗證碼 012345，5 分鐘內有效。請勿告訴任何人。'],
] as const)('a message in %s', (locale, body) => {
  expect(renderMessage({ ...delivery, locale }, 'Kyo')).toEqual({
    channel: 'sms',
    to: '+886912345678',
    body,
  });
});
