import { setTimeout as pause } from 'node:timers/promises';
import type { Cluster } from 'ioredis';
import type { OtpKeys } from '../../keys.ts';
import { type LogReport, type OtpLog, TenantUnknown, tenantOf } from '../../log.ts';
import {
  claimReports,
  createLogGroup,
  finishReports,
  type QueuedReport,
  readNewReports,
} from './log-queue.ts';
import { partitions } from './partition.ts';

export interface LogWorkerOptions {
  redis: Cluster;
  keys: OtpKeys;
  log: OtpLog;
  now: () => Date;
  /** Redis or a tenant's database is away; the worker goes on by itself. */
  onError: (error: unknown, tenantId?: string) => void;
  /** Reports that are not in any log and will not be. */
  onLost: (count: number) => void;
  intervalMilliseconds?: number;
  /** What was read and not written for this long is tried again. */
  retryAfterMilliseconds?: number;
}

const defaultIntervalMilliseconds = 500;
const defaultRetryAfterMilliseconds = 30_000;
/** Longer than any outage we expect to end; a tenant that stays away for a day loses these lines. */
const givenUpAfterMilliseconds = 86_400_000;
const batch = 200;

/**
 * Carries reports from Redis into the tenants' logs, a batch a tenant at a time. A report leaves Redis when it is written,
 * so none is lost with a process. Any number of workers share the work. A tenant whose database is away costs the other
 * logs a few seconds now and then, until its timeout, and the sending of codes nothing.
 */
export class LogWorker {
  readonly #options: LogWorkerOptions;
  readonly #stop = new AbortController();
  #running: Promise<void> = Promise.resolve();
  #claimAt = 0;

  constructor(options: LogWorkerOptions) {
    this.#options = options;
  }

  start(): void {
    this.#running = this.#run();
  }

  /** Takes nothing more and resolves when what was taken is written. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { redis, onError, intervalMilliseconds = defaultIntervalMilliseconds } = this.#options;
    let groups = false;
    let disturbed = false;
    while (!this.#stop.signal.aborted) {
      try {
        // Again after every failure: a Redis that lost its data has lost the groups too.
        if (!groups) await eachPartition((partition) => createLogGroup(redis, partition));
        groups = true;
        const taken = await this.#take();
        await this.#write(taken);
        disturbed = false;
        if (taken.length >= batch) continue;
      } catch (error) {
        groups = false;
        // Once an outage, not once an attempt.
        if (!disturbed) onError(error);
        disturbed = true;
      }
      await pause(intervalMilliseconds, undefined, { signal: this.#stop.signal }).catch(() => {});
    }
  }

  async #take(): Promise<QueuedReport[]> {
    const idleMilliseconds = this.#options.retryAfterMilliseconds ?? defaultRetryAfterMilliseconds;
    const claimed: QueuedReport[] = [];
    if (Date.now() >= this.#claimAt) {
      this.#claimAt = Date.now() + idleMilliseconds / 2;
      const limits = { count: batch, idleMilliseconds };
      const lists = await eachPartition((partition) => claimReports(this.#options, partition, limits));
      claimed.push(...lists.flat());
    }
    const fresh = await eachPartition((partition) => readNewReports(this.#options, partition, batch));
    return [...claimed, ...fresh.flat()];
  }

  async #write(taken: QueuedReport[]): Promise<void> {
    const { redis, onLost } = this.#options;
    const unreadable = taken.filter(({ report }) => !report);
    if (unreadable.length > 0) onLost(unreadable.length);
    const byTenant = Map.groupBy(taken, ({ report }) => (report ? tenantOf(report) : ''));
    byTenant.delete('');
    const finished = await Promise.all(
      [...byTenant].map(([tenantId, list]) => this.#writeTenant(tenantId, list)),
    );
    const done = [...unreadable, ...finished.flat()];
    if (done.length > 0) await finishReports(redis, done);
  }

  /** @returns what need not be kept. */
  async #writeTenant(tenantId: string, list: QueuedReport[]): Promise<QueuedReport[]> {
    const { log, onError, onLost, now } = this.#options;
    const reports = list.flatMap(({ report }) => (report ? [report] : []));
    let missing: Set<LogReport>;
    try {
      missing = new Set(await log.record(tenantId, reports));
    } catch (error) {
      // Anybody may name a tenant that does not exist.
      if (error instanceof TenantUnknown) return list;
      onError(error, tenantId);
      missing = new Set(reports);
    }
    const oldest = now().getTime() - givenUpAfterMilliseconds;
    const isOld = ({ id }: QueuedReport) => Number(id.split('-')[0]) < oldest;
    const kept = list.filter((entry) => entry.report && missing.has(entry.report));
    const lost = kept.filter(isOld);
    if (lost.length > 0) onLost(lost.length);
    return list.filter((entry) => !kept.includes(entry) || lost.includes(entry));
  }
}

async function eachPartition<T>(task: (partition: number) => Promise<T>): Promise<T[]> {
  return Promise.all(Array.from({ length: partitions }, (_, partition) => task(partition)));
}
