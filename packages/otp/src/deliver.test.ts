import { TestClock } from '@kyong/testing';
import { expect, test } from 'vitest';
import { deliver, type MessageSender } from './deliver.ts';
import { OtpKeys } from './keys.ts';
import { type Delivery, deliveryContext } from './otp.ts';

const keys = new OtpKeys(Buffer.alloc(32, 1));

/** Delivers one code through a sender that fails `failures` times. */
async function run(failures: number) {
  const clock = new TestClock();
  const tried: string[] = [];
  const pauses: number[] = [];
  const errors: unknown[] = [];
  const sender: MessageSender = {
    async send(message) {
      tried.push(message.body);
      if (tried.length <= failures) throw new Error('busy');
    },
  };
  const delivery: Delivery = {
    channel: 'email',
    to: 'ann@example.com',
    locale: 'en',
    code: '123456',
    lifetimeSeconds: 4,
    expiresAt: new Date(clock.now().getTime() + 4_000).toISOString(),
  };
  const outcome = await deliver(
    {
      keys,
      sender,
      app: 'Kyo',
      now: clock.now,
      pause: async (milliseconds) => {
        pauses.push(milliseconds);
        clock.advance(milliseconds / 1000);
      },
      onError: (error) => errors.push(error),
    },
    keys.seal(deliveryContext, JSON.stringify(delivery)),
  );
  return { outcome, tried, pauses, errors };
}

test('a try that fails is repeated after a growing pause', async () => {
  const { outcome, tried, pauses, errors } = await run(2);
  expect(outcome).toBe('sent');
  expect(tried).toHaveLength(3);
  expect(pauses).toEqual([250, 1_000]);
  expect(errors).toHaveLength(2);
});

test('nobody is sent a code that has expired meanwhile', async () => {
  const { outcome, tried } = await run(Number.POSITIVE_INFINITY);
  expect(outcome).toBe('expired');
  expect(tried).toHaveLength(3);
});

test('a job sealed under another key is unreadable', async () => {
  const sealed = new OtpKeys(Buffer.alloc(32, 2)).seal(deliveryContext, '{}');
  const options = {
    keys,
    sender: { send: () => Promise.reject(new Error('not to be called')) },
    app: 'Kyo',
    now: () => new Date(),
    pause: () => Promise.resolve(),
    onError: () => {},
  };
  expect(await deliver(options, sealed)).toBe('unreadable');
});
