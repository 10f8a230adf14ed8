import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Cluster, Result } from 'ioredis';
import type { CountStore } from '../../brake/shared-counts.ts';

declare module 'ioredis' {
  interface RedisCommander<Context> {
    otpCount(...keysAndArguments: [number, ...(string | number)[]]): Result<number[], Context>;
  }
}

/** One slot for all counts, so that a process tells and hears everything with one command. */
const keyOf = (bucket: string) => `{otp:counts}:${bucket}`;

/** Counts of all processes, a hash a bucket, gone when nobody asks for them any more. */
export function redisCountStore(redis: Cluster): CountStore {
  redis.defineCommand('otpCount', { lua: readFileSync(join(import.meta.dirname, 'count.lua'), 'utf8') });
  return {
    async add(increments) {
      if (increments.length === 0) return [];
      return redis.otpCount(
        increments.length,
        ...increments.map(({ bucket }) => keyOf(bucket.key)),
        ...increments.flatMap(({ bucket, name, amount, known, atLeast }) => [
          name,
          amount,
          known,
          atLeast,
          bucket.expiresAt,
        ]),
      );
    },
  };
}
