import { expect, test } from 'vitest';
import { renderMessage } from './message.ts';
import { sendReference } from './request-id.ts';

const delivery = {
  requestId: 'a'.repeat(43),
  channel: 'sms',
  to: '+886912345678',
  code: '012345',
  lifetimeSeconds: 300,
  expiresAt: '2026-01-01T00:05:00.000Z',
} as const;
const platform = { app: 'Kyo' };

test.each([
  ['en', '012345 is your Kyo code. It is valid for 5 minutes. Do not share it with anyone.'],
  ['zh-TW', 'Kyo 驗證碼 012345，5 分鐘內有效。請勿告訴任何人。'],
] as const)('a message in %s', (locale, body) => {
  expect(renderMessage({ ...delivery, locale }, platform)).toEqual({
    id: sendReference(delivery.requestId),
    channel: 'sms',
    to: '+886912345678',
    locale,
    body,
    expiresAt: new Date('2026-01-01T00:05:00.000Z'),
  });
});

test('a gym speaks under its name, and in its own words where it has some', () => {
  const render = (gym: Parameters<typeof renderMessage>[2]) =>
    renderMessage({ ...delivery, locale: 'en' }, platform, gym).body;
  expect(render({ app: 'Iron Temple' })).toMatch(/^012345 is your Iron Temple code/);
  expect(render({ app: 'Iron Temple', body: '{code} ({app}, {minutes} min)' })).toBe(
    '012345 (Iron Temple, 5 min)',
  );
  expect(render({ app: 'Iron Temple', body: 'Code {code}', webOtpDomain: 'gym.example' })).toBe(
    'Code 012345\n@gym.example #012345',
  );
});

test('what stands in a value is not filled in again', () => {
  const gym = { app: '{code}', body: '{app}: {code}' };
  expect(renderMessage({ ...delivery, locale: 'en' }, platform, gym).body).toBe('{code}: 012345');
});

test('a subject is one line and holds no code, whatever a gym is called', () => {
  const email = { ...delivery, channel: 'email', to: 'ann@example.com', locale: 'en' } as const;
  expect(renderMessage(email, platform).subject).toBe('Your Kyo code');
  const gym = { app: 'Iron\r\nBcc: x', subject: '{app} {code}' };
  expect(renderMessage(email, platform, gym).subject).toBe('Iron Bcc: x ');
});
