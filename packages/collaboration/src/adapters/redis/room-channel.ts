import type { Cluster } from 'ioredis';
import type { DocumentRef, RoomChannel, RoomMessage } from '../../ports.ts';
import { keyOf } from './keys.ts';
import { decodeMessage, encodeMessage } from './messages.ts';

/**
 * One sharded channel a document, in the slot of its log, listened to by the servers that have it open.
 * @param subscriber a client with `shardedSubscribers`, for nothing else.
 */
export function redisRoomChannel(redis: Cluster, subscriber: Cluster, server: string): RoomChannel {
  const listeners = new Map<string, (message: RoomMessage) => void>();
  subscriber.on('smessageBuffer', (channel: Buffer, bytes: Buffer) => {
    const heard = listeners.get(channel.toString());
    const message = heard && decodeMessage(server, bytes);
    if (message) heard(message);
  });

  return {
    async open(document, heard) {
      const channel = keyOf.channel(document);
      listeners.set(channel, heard);
      await subscriber.ssubscribe(channel);
      return async () => {
        if (listeners.get(channel) !== heard) return;
        listeners.delete(channel);
        await subscriber.sunsubscribe(channel);
      };
    },

    async renew(document: DocumentRef) {
      await subscriber.ssubscribe(keyOf.channel(document));
    },

    async say(document, message) {
      await redis.spublish(keyOf.channel(document), encodeMessage(server, message));
    },
  };
}
