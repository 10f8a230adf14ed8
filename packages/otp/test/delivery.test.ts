import { randomBytes } from 'node:crypto';
import { confirmWrites, connectRedis, untilReady } from '@kyong/redis';
import { eventually, startTestRedis, TestClock } from '@kyong/testing';
import { expect, onTestFinished, test } from 'vitest';
import { claimAbandoned, readNew } from '../src/adapters/redis/deliveries.ts';
import { DeliveryWorker, RedisOutbox, redisOtpStore } from '../src/adapters/redis/index.ts';
import { keyOf, partitionOf } from '../src/adapters/redis/partition.ts';
import {
  createOtp,
  type DeliveryOutcome,
  deliver,
  issue,
  type MessageSender,
  OtpKeys,
} from '../src/index.ts';

/** A queue in a Redis of its own, and what works on it. */
async function createQueue() {
  const clock = new TestClock();
  const server = await startTestRedis();
  const { host, port, password } = server.endpoint;
  const redis = connectRedis({ nodes: [{ host, port }], password }, () => {});
  onTestFinished(() => redis.disconnect());
  await untilReady(redis);
  const keys = new OtpKeys(randomBytes(32));
  const otp = createOtp({ store: redisOtpStore(confirmWrites(redis, 0)), keys, now: clock.now });
  const outbox = new RedisOutbox({ redis, keys, now: clock.now });
  const letters: { entry: string; reason: DeliveryOutcome }[] = [];

  const startWorker = (sender: MessageSender = outbox, abandonedAfterMilliseconds = 60_000) => {
    const pause = () => Promise.resolve();
    const senders = { sms: [sender], email: [sender] };
    const delivery = { keys, senders, platform: { app: 'Kyo' }, now: clock.now, pause, onError: () => {} };
    const worker = new DeliveryWorker({
      redis,
      deliver: (sealed) => deliver(delivery, sealed),
      onDeadLetter: (letter) => letters.push(letter),
      onError: () => {},
      abandonedAfterMilliseconds,
    });
    worker.start();
    onTestFinished(() => worker.stop());
    return worker;
  };
  return {
    server,
    redis,
    outbox,
    letters,
    startWorker,
    send: (to: string) => issue(otp, { channel: 'email', to, purpose: 'login', locale: 'en' }),
    partitionFor: (to: string) => partitionOf(keys.recipient(to)),
  };
}

test('what is sent arrives in the outbox and leaves the queue', async () => {
  const { redis, outbox, startWorker, send, partitionFor } = await createQueue();
  startWorker();
  await send('ann@example.com');
  await eventually(async () => {
    expect(await outbox.messagesTo('ann@example.com')).toMatchObject([
      { channel: 'email', to: 'ann@example.com', body: expect.stringMatching(/^\d{6} is your Kyo code/) },
    ]);
    expect(await redis.xlen(keyOf.deliveries(partitionFor('ann@example.com')))).toBe(0);
  });
  expect(await outbox.messagesTo('bob@example.com')).toEqual([]);
});

test('two workers share the work: everyone gets one message', async () => {
  const { outbox, startWorker, send } = await createQueue();
  startWorker();
  startWorker();
  const people = Array.from({ length: 100 }, (_, n) => `person${n}@example.com`);
  await Promise.all(people.map(send));
  await eventually(async () => {
    const messages = await Promise.all(people.map((to) => outbox.messagesTo(to)));
    expect(messages.map((list) => list.length)).toEqual(people.map(() => 1));
  });
});

test('a job whose worker died between reading and acknowledging is done by another', async () => {
  const { redis, outbox, startWorker, send, partitionFor } = await createQueue();
  const first = startWorker();
  await send('ann@example.com');
  await eventually(async () => expect(await outbox.messagesTo('ann@example.com')).toHaveLength(1));
  await first.stop();

  await send('bob@example.com');
  const partition = partitionFor('bob@example.com');
  expect(await readNew(redis, partition, { count: 10, blockMilliseconds: 100 })).toHaveLength(1);
  startWorker(outbox, 50);
  await eventually(async () => expect(await outbox.messagesTo('bob@example.com')).toHaveLength(1));
  // What has arrived is acknowledged a moment later.
  const left = () => claimAbandoned(redis, partition, { count: 10, idleMilliseconds: 0 });
  await eventually(async () => expect(await left()).toEqual([]));
});

test('what cannot be sent is a dead letter: reported, and kept sealed, for a month', async () => {
  const { redis, letters, startWorker, send, partitionFor } = await createQueue();
  const partition = partitionFor('ann@example.com');
  const monthSeconds = 30 * 86_400;
  const old = `${Date.now() - (monthSeconds + 60) * 1000}-0`;
  await redis.xadd(keyOf.deadLetters(partition), old, 'reason', 'expired', 'delivery', 'of the month before');
  startWorker({ name: 'broken', send: () => Promise.reject(new Error('the provider is down')) });
  await send('ann@example.com');
  await eventually(() => expect(letters).toMatchObject([{ reason: 'failed' }]));
  const kept = await redis.xrange(keyOf.deadLetters(partition), '-', '+');
  expect(kept.map(([, fields]) => fields?.slice(0, 2))).toEqual([['reason', 'failed']]);
  expect(JSON.stringify(kept)).not.toContain('ann@example.com');
  expect(await redis.ttl(keyOf.deadLetters(partition))).toBeGreaterThan(monthSeconds - 60);
  expect(await redis.xlen(keyOf.deliveries(partition))).toBe(0);
});

test('a worker lives through a restart of Redis, and nothing queued is lost', async () => {
  const { server, redis, outbox, startWorker, send } = await createQueue();
  const worker = startWorker();
  await worker.stop();
  await send('ann@example.com');
  startWorker();
  await eventually(async () => expect(await outbox.messagesTo('ann@example.com')).toHaveLength(1));

  await server.stop();
  await server.start(() => {});
  await untilReady(redis);
  await send('bob@example.com');
  await eventually(async () => expect(await outbox.messagesTo('bob@example.com')).toHaveLength(1));
  expect(await outbox.messagesTo('ann@example.com')).toHaveLength(1);
});
