import { join } from 'node:path';
import { readScript, runScript } from '@kyong/redis';
import type { Cluster } from 'ioredis';
import type { DocumentRef, PresenceStore } from '../../ports.ts';
import { keyOf } from './keys.ts';

const presenceScript = readScript(join(import.meta.dirname, 'presence.lua'), 1);

/** @param leaseSeconds how long a user is said to be there by a server that says nothing more; renewed well before. */
export function redisPresence(redis: Cluster, server: string, leaseSeconds: number): PresenceStore {
  const run = <Reply>(action: string, document: DocumentRef, now: Date, users: string[]) =>
    runScript<Reply>(redis, presenceScript, [
      keyOf.presence(document),
      action,
      server,
      now.getTime(),
      now.getTime() + leaseSeconds * 1000,
      ...users,
    ]);

  return {
    enter: (document, userId, now) => run<string[]>('enter', document, now, [userId]),
    leave: async (document, userId, now) => (await run<number>('leave', document, now, [userId])) === 1,
    renew: (document, userIds, now) => run<string[]>('renew', document, now, userIds),
  };
}
