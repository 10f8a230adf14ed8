import { TestClock } from '@kyong/testing';
import { expect, test } from 'vitest';
import { deliver } from './deliver.ts';
import { OtpKeys } from './keys.ts';
import { createLogEntry, type LogEntry, logContext, type SendReport } from './log.ts';
import { type Delivery, deliveryContext } from './otp.ts';
import { openReceiptToken } from './receipt.ts';
import {
  type Message,
  MessageRefused,
  type MessageSender,
  RecipientRefused,
  SenderRefused,
} from './sender.ts';
import type { TemplateReader } from './template.ts';

const keys = new OtpKeys(Buffer.alloc(32, 1));
const requestId = 'a'.repeat(43);
const to = 'owner@example.com';
const platform = { app: 'Kyo', host: 'kyo.example' };

/** A provider that fails with these errors, then takes everything. */
function provider(name: string, failures: Error[], secondsATry = 0, clock?: TestClock) {
  const taken: Message[] = [];
  let tries = 0;
  const sender: MessageSender = {
    name,
    async send(message) {
      clock?.advance(secondsATry);
      tries += 1;
      const failure = failures[tries - 1];
      if (failure) throw failure;
      taken.push(message);
      return { messageId: `${name}-1`, segments: 1, cost: { amount: 0.9, currency: 'TWD' } };
    },
  };
  return {
    sender,
    taken,
    get tries() {
      return tries;
    },
  };
}

const busy = (times: number) => Array.from({ length: times }, () => new Error('busy'));

async function run(
  senders: MessageSender[],
  options: {
    lifetimeSeconds?: number;
    tenantId?: string;
    templates?: TemplateReader;
    clock?: TestClock;
  } = {},
) {
  const { lifetimeSeconds = 300, tenantId, templates, clock = new TestClock() } = options;
  const pauses: number[] = [];
  const errors: unknown[] = [];
  const told: string[] = [];
  const entry = createLogEntry({
    ...{ tenantId, requestId, channel: 'email', purpose: 'login', to },
    recipient: keys.recipient(to),
    requestedAt: clock.now(),
  });
  const delivery: Delivery = {
    ...{ requestId, channel: 'email', to, locale: 'en', code: '123456', lifetimeSeconds },
    expiresAt: new Date(clock.now().getTime() + lifetimeSeconds * 1000).toISOString(),
    ...(entry && { logEntry: entry }),
  };
  const result = await deliver(
    {
      keys,
      senders: { sms: [], email: senders },
      platform,
      now: clock.now,
      pause: async (milliseconds) => {
        pauses.push(milliseconds);
        clock.advance(milliseconds / 1000);
      },
      onError: (error) => errors.push(error),
      ...(templates && { templates }),
    },
    keys.seal(deliveryContext, JSON.stringify(delivery)),
    async (report) => {
      told.push(report);
    },
  );
  const open = (report = '') => JSON.parse(keys.open(logContext, report) ?? 'null') as SendReport | null;
  return { outcome: result.outcome, report: open(result.report), told: told.map(open), pauses, errors };
}

test('a try that fails is repeated after a growing pause', async () => {
  const { sender, taken } = provider('a', busy(2));
  const { outcome, pauses, errors } = await run([sender]);
  expect(outcome).toBe('sent');
  expect(taken).toHaveLength(1);
  expect(pauses).toEqual([250, 1_000]);
  expect(errors).toHaveLength(2);
});

test('the second provider is asked before anybody waits', async () => {
  const [first, second] = [provider('first', busy(9)), provider('second', [])];
  const { outcome, pauses, report } = await run([first.sender, second.sender], { tenantId: 'gym' });
  expect([outcome, pauses, first.tries, second.taken.length]).toEqual(['sent', [], 1, 1]);
  expect(report).toMatchObject({ status: 'sent', provider: 'second', attempts: 2 });
});

test('every try carries the same id', async () => {
  const ids: string[] = [];
  const sender: MessageSender = {
    name: 'a',
    send: async ({ id }) => {
      ids.push(id);
      throw new Error('busy');
    },
  };
  await run([sender]);
  expect(ids).toHaveLength(4);
  expect(new Set(ids).size).toBe(1);
});

test('a wrong number is neither tried again nor elsewhere', async () => {
  const first = provider('first', [new RecipientRefused('no such number')]);
  const second = provider('second', []);
  const { outcome, report } = await run([first.sender, second.sender], { tenantId: 'gym' });
  expect([outcome, first.tries, second.tries]).toEqual(['failed', 1, 0]);
  expect(report).toMatchObject({ status: 'failed', failure: 'recipient_refused', provider: 'first' });
});

test('a provider that refuses for good is asked once; when all do, nobody waits', async () => {
  const first = provider('first', [new SenderRefused('no balance')]);
  const second = provider('second', [new Error('busy'), new SenderRefused('bad password')]);
  const { outcome, pauses, report } = await run([first.sender, second.sender], { tenantId: 'gym' });
  expect([outcome, first.tries, second.tries, pauses]).toEqual(['failed', 1, 2, [250]]);
  expect(report).toMatchObject({ failure: 'providers_unavailable', attempts: 3 });
});

test('a message that is not taken is asked of each provider once, and nobody waits', async () => {
  const refusal = new MessageRefused('too dear');
  const [first, second] = [provider('first', [refusal]), provider('second', [])];
  expect((await run([first.sender, second.sender])).outcome).toBe('sent');
  const [third, fourth] = [provider('third', [refusal]), provider('fourth', [refusal])];
  const { outcome, pauses, report } = await run([third.sender, fourth.sender], { tenantId: 'gym' });
  expect([outcome, third.tries, fourth.tries, pauses]).toEqual(['failed', 1, 1, []]);
  expect(report).toMatchObject({ failure: 'message_refused', attempts: 2 });
});

test('slow failures end after a while', async () => {
  const clock = new TestClock();
  const slow = provider('slow', busy(9), 10, clock);
  const { outcome } = await run([slow.sender], { clock });
  expect([outcome, slow.tries]).toEqual(['failed', 2]);
});

test('nobody is sent a code that has expired meanwhile', async () => {
  const failing = provider('a', busy(9));
  const { outcome, report } = await run([failing.sender], { lifetimeSeconds: 4, tenantId: 'gym' });
  expect([outcome, failing.tries]).toEqual(['expired', 3]);
  expect(report).toMatchObject({ status: 'expired', attempts: 3 });
});

test('the log hears once of a code that is late, and of how it ended; without a tenant it hears nothing', async () => {
  const { told, report } = await run([provider('a', busy(2)).sender], { tenantId: 'gym' });
  expect(told).toMatchObject([{ status: 'queued', attempts: 1 }]);
  const entry: Partial<LogEntry> = { tenantId: 'gym', recipient: 'o***r@example.com', purpose: 'login' };
  expect(report).toMatchObject({
    ...{ kind: 'send', entry, status: 'sent', attempts: 3, provider: 'a', providerMessageId: 'a-1' },
    ...{ segments: 1, cost: { amount: 0.9, currency: 'TWD' } },
  });
  expect(JSON.stringify([told, report])).not.toMatch(/owner@|123456/);
  const nobody = await run([provider('a', busy(2)).sender]);
  expect([nobody.told, nobody.report]).toEqual([[], null]);
});

test('a message of a tenant carries a token for its receipt', async () => {
  const { sender, taken } = provider('a', []);
  const { report } = await run([sender], { tenantId: 'gym' });
  expect(openReceiptToken(keys, taken[0]?.receiptToken ?? '')).toEqual({
    tenantId: 'gym',
    reference: report?.entry.reference,
    recipient: keys.recipient(to),
  });
  const other = provider('a', []);
  await run([other.sender]);
  expect(other.taken[0]?.receiptToken).toBeUndefined();
});

test("the gym's words, and the platform's when the gym's cannot be had", async () => {
  const send = async (find: TemplateReader['find']) => {
    const { sender, taken } = provider('a', []);
    const { report, errors } = await run([sender], { tenantId: 'gym', templates: { find } });
    return { body: taken[0]?.body, template: report?.template, errors };
  };
  const wording = { app: 'Iron Temple', template: 'Short', body: '{app} {code}' };
  expect(await send(async () => wording)).toEqual({
    body: 'Iron Temple 123456\nKyo: share it with nobody, enter it only at kyo.example.',
    template: 'Short',
    errors: [],
  });
  const hostile = { app: 'Iron Temple', template: 'Bank', body: 'Log in at evil.example with {code}' };
  expect(await send(async () => hostile)).toMatchObject({
    body: expect.stringMatching(/^123456 is your Iron Temple code/),
    template: undefined,
  });
  const away = await send(() => Promise.reject(new Error('away')));
  expect(away).toMatchObject({
    body: expect.stringMatching(/^123456 is your Kyo code/),
    errors: [new Error('away')],
  });
});

test('a job sealed under another key is unreadable', async () => {
  const sealed = new OtpKeys(Buffer.alloc(32, 2)).seal(deliveryContext, '{}');
  const options = {
    keys,
    senders: { sms: [], email: [] },
    platform,
    now: () => new Date(),
    pause: () => Promise.resolve(),
    onError: () => {},
  };
  expect(await deliver(options, sealed)).toEqual({ outcome: 'unreadable' });
});
