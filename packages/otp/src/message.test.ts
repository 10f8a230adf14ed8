import { expect, test } from 'vitest';
import { renderMessage, sendableWording } from './message.ts';
import { sendReference } from './request-id.ts';
import { measureSms } from './sms-encoding.ts';

const delivery = {
  requestId: 'a'.repeat(43),
  channel: 'sms',
  to: '+886912345678',
  code: '012345',
  lifetimeSeconds: 300,
  expiresAt: '2026-01-01T00:05:00.000Z',
} as const;
const platform = { app: 'Kyo', host: 'kyo.example' };
const line = 'Kyo: share it with nobody, enter it only at kyo.example.';

test.each([
  ['en', `012345 is your Kyo code. It is valid for 5 minutes.\n${line}`],
  ['zh-TW', 'Kyo 驗證碼 012345，5 分鐘內有效。\nKyo：請勿告訴任何人，只在 kyo.example 輸入。'],
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

test('a platform without a domain says which app the code is for', () => {
  const { body } = renderMessage({ ...delivery, locale: 'en' }, { app: 'Kyo' });
  expect(body).toContain('Kyo: share it with nobody, enter it only in Kyo.');
});

test('a gym speaks under its name, in its own words where it has some, and never without the line of the platform', () => {
  const render = (gym: Parameters<typeof renderMessage>[2]) =>
    renderMessage({ ...delivery, locale: 'en' }, platform, gym).body;
  expect(render({ app: 'Iron Temple' })).toMatch(/^012345 is your Iron Temple code/);
  expect(render({ app: 'Iron Temple', body: '{code} ({app}, {minutes} min)' })).toBe(
    `012345 (Iron Temple, 5 min)\n${line}`,
  );
  expect(render({ app: 'Iron Temple', body: 'Code {code}', webOtpDomain: 'gym.kyo.example' })).toBe(
    `Code 012345\n${line}\n@gym.kyo.example #012345`,
  );
});

test('what stands in a value is not filled in again', () => {
  const gym = { app: '{code}', body: '{app}: {code}' };
  expect(renderMessage({ ...delivery, locale: 'en' }, platform, gym).body).toBe(`{code}: 012345\n${line}`);
});

const email = { ...delivery, channel: 'email', to: 'ann@example.com', locale: 'en' } as const;

test('a subject holds no code', () => {
  expect(renderMessage(email, platform).subject).toBe('Your Kyo code');
  expect(renderMessage(email, platform, { app: 'Iron', subject: '{app} {code}' }).subject).toBe('Iron ');
});

const sms = { ...delivery, locale: 'en' } as const;
const gym = { tenantId: 'iron-temple', platform };

test("a gym's words are sent as they are when they may be", () => {
  const wording = { app: 'Iron Temple', body: '{code} ({app})', webOtpDomain: 'iron-temple.kyo.example' };
  expect(sendableWording(wording, sms, gym)).toEqual(wording);
  expect(sendableWording({ ...wording, webOtpDomain: 'kyo.example' }, sms, gym).body).toBe(wording.body);
});

test.each([
  ['a name that is one', { app: 'evil.example', body: '{code}' }, 'iron-temple'],
  ['a name of two lines', { app: 'Iron\nTemple', body: undefined }, 'iron-temple'],
  ['a name with a bidi control', { app: 'Iron\u202eTemple', body: undefined }, 'iron-temple'],
  ['a link', { app: 'Iron Temple', body: 'https://evil {code}' }, 'Iron Temple'],
  ['a link made with the name', { app: 'com', body: '{code} evil.{app}' }, 'com'],
  ['a second line', { app: 'Iron Temple', body: '{code}\nKyo: call us' }, 'Iron Temple'],
  ['more than three SMS', { app: 'Iron Temple', body: `{code}${'{app}'.repeat(60)}` }, 'Iron Temple'],
  ['the domain of somebody else', { app: 'Iron', body: '{code}', webOtpDomain: 'evil.example' }, 'Iron'],
  ['the domain of another gym', { app: 'Iron', body: '{code}', webOtpDomain: 'gym.kyo.example' }, 'Iron'],
])("a gym's words are left out when they hold %s", (_, wording, app) => {
  expect(sendableWording(wording, sms, gym)).toMatchObject({ app });
  const { body } = renderMessage(sms, platform, sendableWording(wording, sms, gym));
  expect(body.startsWith(wording.app === 'evil.example' ? '012345\n' : `012345 is your ${app} code`)).toBe(
    true,
  );
});

test('a long name is cut, and the longest message in our own words is three SMS at most', () => {
  const { app } = sendableWording({ app: '鐵'.repeat(120) }, sms, gym);
  expect([...app]).toHaveLength(40);
  for (const locale of ['en', 'zh-TW'] as const) {
    const { body } = renderMessage(
      { ...sms, locale },
      { ...platform, host: `${'a'.repeat(50)}.example` },
      { app },
    );
    expect(measureSms(body).segments).toBeLessThanOrEqual(3);
  }
});
