import type { Cluster } from 'ioredis';
import type { DeliveryResult } from '../../deliver.ts';
import { addToLog } from './log-queue.ts';
import { keyOf } from './partition.ts';

export interface QueuedDelivery {
  id: string;
  /** The sealed job. */
  delivery: string;
}

const group = 'delivery';
/**
 * One name for all workers: an entry goes to one of them whatever they are called, and one that waits for too long is
 * claimed from the name it has. So no names of dead workers are left behind.
 */
const consumer = 'worker';
/** Dead letters kept per partition. */
const deadLetterLimit = 1_000;
/** None that is older is kept beside a new one, and all go when there was no new one for so long: none is there after twice that. */
const deadLetterSeconds = 30 * 86_400;

type Entry = [id: string, fields: string[] | null];

/** Makes the stream and its group, if they are not there. */
export async function createGroup(redis: Cluster, partition: number): Promise<void> {
  try {
    await redis.xgroup('CREATE', keyOf.deliveries(partition), group, '0', 'MKSTREAM');
  } catch (error) {
    if (!(error instanceof Error && error.message.startsWith('BUSYGROUP'))) throw error;
  }
}

/** Takes entries that another worker took and did not finish within `idleMilliseconds`. */
export async function claimAbandoned(
  redis: Cluster,
  partition: number,
  { count, idleMilliseconds }: { count: number; idleMilliseconds: number },
): Promise<QueuedDelivery[]> {
  const key = keyOf.deliveries(partition);
  const reply = await redis.xautoclaim(key, group, consumer, idleMilliseconds, '0-0', 'COUNT', count);
  return (reply[1] as Entry[]).flatMap(queued);
}

/** Takes new entries; waits up to `blockMilliseconds` for the first. */
export async function readNew(
  redis: Cluster,
  partition: number,
  { count, blockMilliseconds }: { count: number; blockMilliseconds: number },
): Promise<QueuedDelivery[]> {
  const key = keyOf.deliveries(partition);
  const reply = await redis.xreadgroup(
    ...(['GROUP', group, consumer, 'COUNT', count, 'BLOCK', blockMilliseconds, 'STREAMS', key, '>'] as const),
  );
  return reply?.[0]?.[1].flatMap(queued) ?? [];
}

/**
 * Takes a finished entry off the stream; in the same moment the log is told, and one that was not sent is kept among the
 * dead letters, still sealed.
 */
export async function finish(
  redis: Cluster,
  partition: number,
  { id, delivery }: QueuedDelivery,
  { outcome, report }: DeliveryResult,
): Promise<void> {
  const key = keyOf.deliveries(partition);
  const transaction = redis.multi().xack(key, group, id).xdel(key, id);
  if (report !== undefined) addToLog(transaction, partition, report);
  if (outcome !== 'sent') {
    const dead = keyOf.deadLetters(partition);
    // An entry's id begins with its time.
    const oldest = Number.parseInt(id, 10) - deadLetterSeconds * 1000;
    transaction
      .xadd(dead, 'MAXLEN', '~', deadLetterLimit, '*', 'reason', outcome, 'delivery', delivery)
      .xtrim(dead, 'MINID', oldest)
      .expire(dead, deadLetterSeconds);
  }
  const results = await transaction.exec();
  const failed = results?.find(([error]) => error)?.[0];
  if (failed) throw failed;
}

function queued([id, fields]: Entry): QueuedDelivery[] {
  // An entry deleted meanwhile has no fields.
  return fields?.[1] === undefined ? [] : [{ id, delivery: fields[1] }];
}
