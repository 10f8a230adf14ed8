import type { OutboxMessage } from '@kyong/contracts';
import type { Cluster } from 'ioredis';
import type { OtpKeys } from '../../keys.ts';
import type { Handover, Message, MessageSender } from '../../sender.ts';

const newest = 50;
const keptSeconds = 86_400;

/** Keeps messages instead of sending them, for a laptop without providers: the newest fifty to an address, for a day. */
export class RedisOutbox implements MessageSender {
  readonly name = 'outbox';
  readonly #redis: Cluster;
  readonly #keys: OtpKeys;
  readonly #now: () => Date;

  constructor(options: { redis: Cluster; keys: OtpKeys; now: () => Date }) {
    this.#redis = options.redis;
    this.#keys = options.keys;
    this.#now = options.now;
  }

  async send({ to, channel, body }: Message): Promise<Handover> {
    const key = this.#key(to);
    const sent: OutboxMessage = { to, channel, body, sentAt: this.#now().toISOString() };
    const results = await this.#redis
      .multi()
      .lpush(key, this.#keys.seal(key, JSON.stringify(sent)))
      .ltrim(key, 0, newest - 1)
      .expire(key, keptSeconds)
      .exec();
    const failed = results?.find(([error]) => error)?.[0];
    if (failed) throw failed;
    return {};
  }

  /** Newest first. */
  async messagesTo(to: string): Promise<OutboxMessage[]> {
    const key = this.#key(to);
    const sealed = await this.#redis.lrange(key, 0, -1);
    return sealed.flatMap((text) => {
      const opened = this.#keys.open(key, text);
      return opened === undefined ? [] : [JSON.parse(opened) as OutboxMessage];
    });
  }

  #key(to: string): string {
    return `{otp:outbox}:${this.#keys.recipient(to).toString('base64url')}`;
  }
}
