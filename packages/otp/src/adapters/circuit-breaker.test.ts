import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type Message, MessageRefused, type MessageSender, RecipientRefused } from '../sender.ts';
import { withCircuitBreaker } from './circuit-breaker.ts';

const message: Message = {
  ...{ id: 'one', channel: 'sms', to: '+886912345678', locale: 'en', body: 'Code 123456' },
  expiresAt: new Date('2026-01-01T00:05:00Z'),
};

/** Only the clock: promises go on by themselves. */
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'] });
});
afterEach(() => {
  vi.useRealTimers();
});

function create(behave: () => Promise<object>) {
  let asked = 0;
  const changes: string[] = [];
  const sender: MessageSender = {
    name: 'a',
    send: () => {
      asked += 1;
      return behave();
    },
  };
  const guarded = withCircuitBreaker(sender, {
    onChange: ({ provider, state }) => changes.push(`${provider} ${state}`),
  });
  const send = () => guarded.send(message, new AbortController().signal);
  return { send, changes, asked: () => asked };
}

test('a provider that fails five times in a row is left alone for ten seconds, then tried', async () => {
  let broken = true;
  const { send, changes, asked } = create(async () => {
    if (broken) throw new Error('down');
    return {};
  });
  for (let n = 0; n < 8; n++) await expect(send()).rejects.toThrow();
  expect([asked(), changes]).toEqual([5, ['a open']]);

  vi.setSystemTime(Date.now() + 10_000);
  await expect(send()).rejects.toThrow('down');
  await expect(send()).rejects.toThrow();
  expect(asked()).toBe(6);

  broken = false;
  vi.setSystemTime(Date.now() + 10_000);
  await expect(send()).resolves.toEqual({});
  await expect(send()).resolves.toEqual({});
  expect(changes.at(-1)).toBe('a closed');
});

test.each([RecipientRefused, MessageRefused])('a %o says nothing about the provider', async (Refusal) => {
  const { send, changes } = create(() => Promise.reject(new Refusal('not this one')));
  for (let n = 0; n < 20; n++) await expect(send()).rejects.toThrow(Refusal);
  expect(changes).toEqual([]);
});
