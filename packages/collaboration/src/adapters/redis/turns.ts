import { join } from 'node:path';
import { readScript, runScript } from '@kyong/redis';
import type { Cluster } from 'ioredis';
import type { DocumentTurns } from '../../ports.ts';
import { keyOf } from './keys.ts';
import { newLink } from './update-log.ts';

const giveBackScript = readScript(join(import.meta.dirname, 'give-back.lua'), 1);

export function redisTurns(redis: Cluster): DocumentTurns {
  return {
    async take(document, seconds) {
      const key = keyOf.turn(document);
      const holder = newLink();
      const taken = await redis.set(key, holder, 'EX', seconds, 'NX');
      return taken === null ? undefined : () => runScript(redis, giveBackScript, [key, holder]);
    },
  };
}
