import type { ConfirmedWrite } from '@kyong/redis';
import type { ChainableCommander, Cluster, RedisCommander } from 'ioredis';
import type { OtpKeys } from '../../keys.ts';
import { type LogEntry, type LogReport, logContext, type ReceiptReport } from '../../log.ts';
import { keyOf, partitionOf } from './partition.ts';

/** A report that waits to be written into a tenant's log. */
export interface QueuedReport {
  id: string;
  partition: number;
  /** Undefined when it cannot be read: sealed under another key. */
  report: LogReport | undefined;
}

const group = 'log';
/** One name for all workers, as with the deliveries. */
const consumer = 'worker';
/**
 * Reports kept per partition while tenants' databases are away: together some 200 MB, at ten sends a second half a day.
 * Beyond it the oldest are lost.
 */
const backlogLimit = 50_000;

type Entry = [id: string, fields: string[] | null];

/** Puts a sealed report before the log, in a transaction of the same partition or by itself. */
export function addToLog<T extends RedisCommander | ChainableCommander>(
  target: T,
  partition: number,
  report: string,
) {
  return target.xadd(keyOf.log(partition), 'MAXLEN', '~', backlogLimit, '*', 'report', report);
}

/** What a provider says of a send, to where the rest about it is. */
export async function addReceipt(
  { write, keys }: { write: ConfirmedWrite; keys: OtpKeys },
  recipient: Buffer,
  receipt: ReceiptReport,
): Promise<void> {
  const partition = partitionOf(recipient);
  const report = keys.seal(logContext, JSON.stringify(receipt));
  await write(keyOf.log(partition), async (redis) => {
    await addToLog(redis, partition, report);
  });
}

/** Makes the stream and its group, if they are not there. */
export async function createLogGroup(redis: Cluster, partition: number): Promise<void> {
  try {
    await redis.xgroup('CREATE', keyOf.log(partition), group, '0', 'MKSTREAM');
  } catch (error) {
    if (!(error instanceof Error && error.message.startsWith('BUSYGROUP'))) throw error;
  }
}

export async function readNewReports(
  { redis, keys }: { redis: Cluster; keys: OtpKeys },
  partition: number,
  count: number,
): Promise<QueuedReport[]> {
  const reply = await redis.xreadgroup(
    ...(['GROUP', group, consumer, 'COUNT', count, 'STREAMS', keyOf.log(partition), '>'] as const),
  );
  return (reply?.[0]?.[1] ?? []).flatMap((entry) => queued(keys, partition, entry));
}

/** Reports that were read and not written for `idleMilliseconds`: their worker died, or the tenant's database was away. */
export async function claimReports(
  { redis, keys }: { redis: Cluster; keys: OtpKeys },
  partition: number,
  { count, idleMilliseconds }: { count: number; idleMilliseconds: number },
): Promise<QueuedReport[]> {
  const reply = await redis.xautoclaim(
    ...([keyOf.log(partition), group, consumer, idleMilliseconds, '0-0', 'COUNT', count] as const),
  );
  return (reply[1] as Entry[]).flatMap((entry) => queued(keys, partition, entry));
}

/** Takes reports off the queue: written, or given up. */
export async function finishReports(redis: Cluster, reports: QueuedReport[]): Promise<void> {
  const byPartition = Map.groupBy(reports, ({ partition }) => partition);
  for (const [partition, list] of byPartition) {
    const ids = list.map(({ id }) => id);
    const key = keyOf.log(partition);
    const results = await redis
      .multi()
      .xack(key, group, ...ids)
      .xdel(key, ...ids)
      .exec();
    const failed = results?.find(([error]) => error)?.[0];
    if (failed) throw failed;
  }
}

function queued(keys: OtpKeys, partition: number, [id, fields]: Entry): QueuedReport[] {
  // An entry deleted meanwhile has no fields.
  if (!fields) return [];
  return [{ id, partition, report: reportOf(keys, fields) }];
}

/** Either a whole report, or what the verifying script knows: an entry it was given, and the time. */
function reportOf(keys: OtpKeys, [kind, sealed = '', , at]: string[]): LogReport | undefined {
  const opened = keys.open(logContext, sealed);
  if (opened === undefined) return undefined;
  if (kind !== 'verified') return JSON.parse(opened) as LogReport;
  return { kind, entry: JSON.parse(opened) as LogEntry, at: new Date(Number(at)).toISOString() };
}
