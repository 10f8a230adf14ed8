import { waitFor } from '@kyong/embedded-servers';
import { sendReference } from '@kyong/otp';
import type { Cluster } from 'ioredis';
import type { Told } from './flows.ts';
import type { HttpService } from './http-service.ts';

const partitions = 8;
/** Longer than a delivery or a line of the log waits for another worker. */
const drainSeconds = 300;

/** What was promised to `told` and did not come true, once the queues have run dry. */
export async function countLosses(service: HttpService, told: Told, redis: Cluster) {
  await waitFor('Working off the queues', drainSeconds, async () =>
    (await queueLength(redis)) === 0 ? true : undefined,
  ).catch(() => {});
  const dead = await deadLetters(service, redis);
  const sends = [...told.accepted];
  const logged = await logOf(service);
  const atGym = sends.filter(([, { atGym }]) => atGym);
  const isLogged = ([reference, { successes }]: (typeof sends)[number]) => {
    const status = logged.get(reference);
    return successes > 0 ? status === 'verified' : status !== undefined;
  };
  return {
    'sends accepted': sends.length,
    'signed in': told.signedIn,
    'dead letters': dead.size,
    'sends lost': sends.filter(([reference]) => !service.mailbox.has(reference) && !dead.has(reference))
      .length,
    'codes lost': told.lost.length,
    'accepted twice': sends.filter(([, { successes }]) => successes > 1).length,
    'lines of the log lost': atGym.filter((send) => !isLogged(send)).length,
    '503 with Retry-After': told.unavailable,
    'other errors': told.otherErrors.length,
    'codes used by a request that failed': told.usedUnanswered,
    ...Object.fromEntries(
      [...Map.groupBy(told.otherErrors, String)].map(([error, list]) => [`of "${error}"`, list.length]),
    ),
  };
}

/** Whether everybody got in, and nothing happened that may not. */
export function isWhole(losses: Awaited<ReturnType<typeof countLosses>>, people: number): boolean {
  return (
    losses['signed in'] === people &&
    losses['sends lost'] === 0 &&
    losses['codes lost'] === 0 &&
    losses['accepted twice'] === 0 &&
    losses['lines of the log lost'] === 0 &&
    losses['other errors'] === 0
  );
}

async function queueLength(redis: Cluster): Promise<number> {
  const lengths = eachPartition((tag) => [redis.xlen(`${tag}:deliveries`), redis.xlen(`${tag}:log`)]);
  return (await Promise.all(lengths.flat())).reduce((sum, length) => sum + length, 0);
}

async function deadLetters({ keys }: HttpService, redis: Cluster): Promise<Set<string>> {
  const lists = await Promise.all(eachPartition((tag) => redis.xrange(`${tag}:dead-letters`, '-', '+')));
  const references = lists.flat().map(([, fields]) => {
    const opened = keys.open('delivery', fields[fields.indexOf('delivery') + 1] ?? '');
    return sendReference((JSON.parse(opened ?? '{}') as { requestId: string }).requestId);
  });
  return new Set(references);
}

async function logOf({ gym }: HttpService): Promise<Map<string, string>> {
  const { rows } = await gym.query<{ reference: string; status: string }>(
    'SELECT reference, status FROM otp_log',
  );
  return new Map(rows.map(({ reference, status }) => [reference, status]));
}

function eachPartition<T>(ask: (tag: string) => T): T[] {
  return Array.from({ length: partitions }, (_, partition) => ask(`{otp:${partition}}`));
}
