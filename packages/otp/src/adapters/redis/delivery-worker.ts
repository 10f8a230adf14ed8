import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { connectForBlocking } from '@kyong/redis';
import type { Cluster } from 'ioredis';
import { type DeliveryOutcome, type DeliveryResult, longestDeliveryMilliseconds } from '../../deliver.ts';
import { claimAbandoned, createGroup, finish, type QueuedDelivery, readNew } from './deliveries.ts';
import { addToLog } from './log-queue.ts';
import { partitions } from './partition.ts';

export interface DeliveryWorkerOptions {
  /** For acknowledgements; the blocking reads get connections of their own, one a partition. */
  redis: Cluster;
  /** `tell` puts a sealed report before the log. */
  deliver: (sealed: string, tell: (report: string) => Promise<void>) => Promise<DeliveryResult>;
  /** A code that was not sent, and will not be: `entry` names it among the dead letters. */
  onDeadLetter: (letter: { entry: string; reason: DeliveryOutcome }) => void;
  /** Redis is away or a delivery could not be acknowledged; the worker goes on by itself. */
  onError: (error: unknown) => void;
  /** An entry nobody finished for this long has lost its worker. */
  abandonedAfterMilliseconds?: number;
}

/** Longer than a live worker can take. */
const defaultAbandonedAfterMilliseconds = longestDeliveryMilliseconds + 4_000;
/** How long a read waits for something new, and so how long stopping can take and how often the abandoned are looked for. */
const blockMilliseconds = 1_000;
const recoveryMilliseconds = 500;
/** Deliveries under way at one time in a partition; a slow provider then slows the queue and not the process. */
const maxUnderWay = 64;

/** Sends what the issue script queued, from every partition. Any number of workers share the work. */
export class DeliveryWorker {
  readonly #options: DeliveryWorkerOptions;
  readonly #stop = new AbortController();
  #running: Promise<unknown> = Promise.resolve();

  constructor(options: DeliveryWorkerOptions) {
    this.#options = options;
  }

  start(): void {
    this.#running = Promise.all(Array.from({ length: partitions }, (_, partition) => this.#run(partition)));
  }

  /** Takes nothing more and resolves when what was taken is finished. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  async #run(partition: number): Promise<void> {
    const { redis, onError } = this.#options;
    const reader = connectForBlocking(redis);
    const underWay = new Set<Promise<void>>();
    let disturbed = false;
    while (!this.#stop.signal.aborted) {
      try {
        if (reader.status !== 'ready') await once(reader, 'ready', { signal: this.#stop.signal });
        // Again after every failure: a Redis that lost its data has lost the group too.
        await createGroup(reader, partition);
        disturbed = false;
        await this.#work(reader, partition, underWay);
      } catch (error) {
        if (this.#stop.signal.aborted) break;
        // Once an outage, not once an attempt.
        if (!disturbed) onError(error);
        disturbed = true;
        await pause(recoveryMilliseconds, undefined, { signal: this.#stop.signal }).catch(() => {});
      }
    }
    await Promise.all(underWay);
    reader.disconnect();
  }

  async #work(reader: Cluster, partition: number, underWay: Set<Promise<void>>): Promise<void> {
    const idleMilliseconds = this.#options.abandonedAfterMilliseconds ?? defaultAbandonedAfterMilliseconds;
    while (!this.#stop.signal.aborted) {
      if (underWay.size >= maxUnderWay) await Promise.race(underWay);
      const count = maxUnderWay - underWay.size;
      const abandoned = await claimAbandoned(reader, partition, { count, idleMilliseconds });
      const entries =
        abandoned.length > 0 ? abandoned : await readNew(reader, partition, { count, blockMilliseconds });
      for (const entry of entries) {
        const delivery = this.#deliver(partition, entry).finally(() => underWay.delete(delivery));
        underWay.add(delivery);
      }
    }
  }

  async #deliver(partition: number, entry: QueuedDelivery): Promise<void> {
    const { redis, deliver, onDeadLetter, onError } = this.#options;
    try {
      const result = await deliver(entry.delivery, async (report) => {
        await addToLog(redis, partition, report);
      });
      await finish(redis, partition, entry, result);
      const { outcome } = result;
      if (outcome !== 'sent') onDeadLetter({ entry: `${partition}/${entry.id}`, reason: outcome });
    } catch (error) {
      // Not acknowledged: it is claimed and delivered again.
      onError(error);
    }
  }
}
