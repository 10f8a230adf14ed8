import { setTimeout as pause } from 'node:timers/promises';
import slotOf from 'cluster-key-slot';
import type { Cluster, Redis, RedisCommander } from 'ioredis';

/**
 * Runs `write` on a connection to the primary that holds `key`, and answers when as many replicas as are asked for have
 * what it wrote. `write` touches keys of that key's slot only and is safe to repeat: it is run again when the primary
 * changes or the connection is lost meanwhile.
 * @throws {NotConfirmed} when it may be there or not.
 */
export type ConfirmedWrite = <T>(key: string, write: (redis: RedisCommander) => Promise<T>) => Promise<T>;

/** Too few replicas said in time that they have a write: it may outlast a failover or not. */
export class NotConfirmed extends Error {
  override name = 'NotConfirmed';
  /** What the network's own errors of this kind are called: a part is away for the moment, and worth another try. */
  readonly code = 'ETIMEDOUT';
}

/** Shorter than a command may take, so that it is Redis that gives up. Within a region a replica answers in 2 ms. */
const waitMilliseconds = 1_000;
/** What a primary that changes while a write is under way costs before the write is given up. */
const maxAttempts = 3;
/** As long as a new connection takes, ten times over. */
const retryMilliseconds = 100;

/**
 * Writes that a failover does not take back. With `replicas` 0 they are ordinary ones, for a Redis that has none.
 *
 * `WAIT` is about what its own connection wrote before it, so it goes over the connection that the write went over. All
 * writes answered in one turn of the event loop share one. It holds up what comes behind it, which the next confirms; so
 * these writes have connections of their own, which live as long as `redis` does.
 */
export function confirmWrites(redis: Cluster, replicas: number): ConfirmedWrite {
  if (replicas === 0) return (_key, write) => write(redis);
  const writing = redis.duplicate();
  // Told by the writes.
  writing.on('error', () => {});
  redis.once('end', () => writing.disconnect());
  const confirmed = shareConfirmations(replicas);
  return async (key, write) => {
    for (let attempt = 1; ; attempt++) {
      try {
        const primary = primaryOf(writing, key);
        const reply = await write(primary);
        const count = await confirmed(primary);
        if (count >= replicas) return reply;
      } catch (error) {
        if (!hasMoved(error)) throw error;
        if (attempt === maxAttempts) throw new NotConfirmed('The primary changed.', { cause: error });
        // The client follows redirections of its own commands only, and learns by them who has the key now.
        await writing.exists(key).catch(() => pause(retryMilliseconds));
        continue;
      }
      throw new NotConfirmed(`Of ${replicas} replicas too few had a write within ${waitMilliseconds} ms.`);
    }
  };
}

/** One confirmation under way for a connection at a time, for whoever asks before it is sent. */
function shareConfirmations(replicas: number): (primary: Redis) => Promise<number> {
  const waiting = new WeakMap<Redis, Promise<number>>();
  return (primary) => {
    const shared = waiting.get(primary);
    if (shared) return shared;
    const confirmation = new Promise<number>((resolve, reject) => {
      setImmediate(() => {
        waiting.delete(primary);
        primary.wait(replicas, waitMilliseconds).then(resolve, reject);
      });
    });
    waiting.set(primary, confirmation);
    return confirmation;
  };
}

/**
 * The client's connection to the primary of a key's slot. A lost connection is never the same object again: the client
 * drops it and makes another.
 */
function primaryOf(redis: Cluster, key: string): Redis {
  const address = redis.slots[slotOf(key)]?.[0];
  const primary = redis.nodes().find(({ options: { host, port } }) => `${host}:${port}` === address);
  if (primary?.status !== 'ready' && primary?.status !== 'wait') throw new Error('Connection is closed.');
  return primary;
}

const signsOfMoving =
  /^(MOVED|ASK|TRYAGAIN|CLUSTERDOWN|READONLY|UNBLOCKED|Connection is closed)|WAIT cannot be used with replica/;

function hasMoved(error: unknown): boolean {
  return error instanceof Error && signsOfMoving.test(error.message);
}
