import { sign } from 'node:crypto';
import type { SnsSubscription } from '@kyong/contracts';
import { TestClock } from '@kyong/testing';
import { generate } from 'selfsigned';
import { expect, test } from 'vitest';
import { SnsSubscriptions } from './sns-subscription.ts';

const host = 'https://sns.ap-northeast-1.amazonaws.com';
const topicArn = 'arn:aws:sns:ap-northeast-1:123456789012:receipts';
const amazon = await generate([{ name: 'commonName', value: 'sns.amazonaws.com' }]);
const stranger = await generate([{ name: 'commonName', value: 'sns.amazonaws.com' }]);

/** Signed by the order of the developer guide. */
function message(changes: Partial<SnsSubscription> = {}, privateKey = amazon.private): SnsSubscription {
  const unsigned = {
    Type: 'SubscriptionConfirmation' as const,
    MessageId: '165545c9-2a5c-472c-8df2-7ff2be2b3b1b',
    TopicArn: topicArn,
    Message: 'You have chosen to subscribe to the topic.',
    Timestamp: '2026-01-01T00:00:00.000Z',
    Token: 'a-token',
    SubscribeURL: `${host}/?Action=ConfirmSubscription&TopicArn=${topicArn}&Token=a-token`,
    SigningCertURL: `${host}/SimpleNotificationService-${'0a'.repeat(16)}.pem`,
    SignatureVersion: '2' as const,
    Signature: '',
    ...changes,
  };
  const { Message, MessageId, SubscribeURL, Timestamp, Token, TopicArn, Type } = unsigned;
  const signed = Object.entries({ Message, MessageId, SubscribeURL, Timestamp, Token, TopicArn, Type });
  const text = signed.map(([name, value]) => `${name}\n${value}\n`).join('');
  return { ...unsigned, Signature: sign('sha256', Buffer.from(text), privateKey).toString('base64') };
}

function create(answer: (url: string) => Response = () => new Response(amazon.cert)) {
  const clock = new TestClock(new Date());
  const asked: [url: string, redirect: string | undefined][] = [];
  const subscriptions = new SnsSubscriptions({
    topicArn,
    now: clock.now,
    fetch: async (url, init) => {
      asked.push([String(url), init?.redirect]);
      return answer(String(url));
    },
  });
  return { subscriptions, asked, clock };
}

test('a subscription of our topic that Amazon has signed is confirmed, its certificate fetched once', async () => {
  const { subscriptions, asked } = create();
  const { SigningCertURL, SubscribeURL } = message();
  expect(await subscriptions.confirm(message())).toBe(true);
  expect(await subscriptions.confirm(message())).toBe(true);
  expect(asked).toEqual([
    [SigningCertURL, 'error'],
    [SubscribeURL, 'error'],
    [SubscribeURL, 'error'],
  ]);
});

test.each<[string, Partial<SnsSubscription>]>([
  ['another topic', { TopicArn: `${topicArn}-of-a-stranger` }],
  ['another region', { SigningCertURL: message().SigningCertURL.replace('ap-northeast-1', 'us-east-1') }],
  ['a host of a long name', { SigningCertURL: `https://sns.${'a'.repeat(31)}.amazonaws.com/x.pem` }],
  [
    'a certificate elsewhere',
    { SigningCertURL: message().SigningCertURL.replace('.com/', '.com.evil.example/') },
  ],
  ['another file', { SigningCertURL: `${host}/uploads/key.pem` }],
  ['another port', { SigningCertURL: message().SigningCertURL.replace('.com/', '.com:8443/') }],
  ['a name and password', { SubscribeURL: 'https://sns.ap-northeast-1.amazonaws.com@evil.example/' }],
  ['an address of our own', { SubscribeURL: 'https://169.254.169.254/latest/meta-data' }],
])('%s makes us go nowhere', async (_, changes) => {
  const { subscriptions, asked } = create();
  expect(await subscriptions.confirm(message(changes))).toBe(false);
  expect(asked).toEqual([]);
});

test('what somebody else has signed, or changed, is not confirmed', async () => {
  const { subscriptions, asked } = create();
  expect(await subscriptions.confirm(message({}, stranger.private))).toBe(false);
  expect(await subscriptions.confirm({ ...message(), Token: 'another' })).toBe(false);
  expect(asked).toHaveLength(1);
});

test('certificates are asked for ten times a minute, whatever addresses a stranger makes up', async () => {
  const { subscriptions, asked, clock } = create(() => new Response('', { status: 404 }));
  const ask = (n: number) => {
    const name = n.toString(16).padStart(32, '0');
    return subscriptions.confirm(
      message({ SigningCertURL: `${host}/SimpleNotificationService-${name}.pem` }),
    );
  };
  for (let n = 0; n < 20; n++) await expect(ask(n)).rejects.toThrow(n < 10 ? '404' : 'Too many');
  expect(asked).toHaveLength(10);
  clock.advance(61);
  await expect(ask(20)).rejects.toThrow('404');
});

test.each([
  ['too large', () => new Response('a'.repeat(20_000))],
  ['no certificate', () => new Response('hello')],
])('a certificate that is %s is none', async (_, answer) => {
  const { subscriptions } = create(answer);
  await expect(subscriptions.confirm(message())).rejects.toThrow();
});

test('a certificate that has expired is none', async () => {
  const { subscriptions, clock } = create();
  clock.advance(100 * 365 * 86_400);
  await expect(subscriptions.confirm(message())).rejects.toThrow('not valid now');
});
