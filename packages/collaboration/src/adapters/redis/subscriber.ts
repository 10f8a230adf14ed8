import type { Cluster } from 'ioredis';

/** Another client of the same Redis, for sharded channels: one connection to each shard. */
export function connectSubscriber(redis: Cluster, onError: (error: Error) => void): Cluster {
  const subscriber = redis.duplicate([], { redisOptions: {}, shardedSubscribers: true });
  subscriber.on('error', onError);
  return subscriber;
}
