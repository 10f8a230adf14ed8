// A delivery worker in a process of its own, to be killed: sends to the provider that its parent plays.
import { setTimeout as pause } from 'node:timers/promises';
import { deliver, type MessageSender, OtpKeys } from '@kyong/otp';
import { DeliveryWorker } from '@kyong/otp/adapters/redis';
import { connectRedis, type RedisConnection } from '@kyong/redis';

const { redis, secret, provider, abandonedAfterMilliseconds } = JSON.parse(process.argv[2] ?? '{}') as {
  redis: RedisConnection;
  secret: string;
  provider: string;
  abandonedAfterMilliseconds: number;
};

const sender: MessageSender = {
  name: 'provider',
  async send({ to, body }, signal) {
    const response = await fetch(provider, { method: 'POST', body: JSON.stringify({ to, body }), signal });
    await response.arrayBuffer();
    if (!response.ok) throw new Error(`The provider answered ${response.status}.`);
    return {};
  },
};
const worker = new DeliveryWorker({
  redis: connectRedis(redis, () => {}),
  deliver: (sealed, tell) =>
    deliver(
      {
        keys: new OtpKeys(Buffer.from(secret, 'base64url')),
        senders: { sms: [sender], email: [sender] },
        platform: { app: 'Kyo' },
        now: () => new Date(),
        pause,
        onError: () => {},
      },
      sealed,
      tell,
    ),
  onDeadLetter: () => {},
  onError: () => {},
  abandonedAfterMilliseconds,
});
process.on('disconnect', () => process.exit());
worker.start();
