import { forgetLog } from '@kyong/otp/adapters/tenant-database';
import type { TenantPools } from '@kyong/postgres';
import type { Logger } from '@kyong/service-kit';
import type { TenancyStore } from '@kyong/tenancy';
import type { Worker } from './delivery.ts';

export interface LogRetentionOptions {
  logger: Logger;
  now: () => Date;
  tenantPools: TenantPools;
  store: Pick<TenancyStore, 'listTenants'>;
  /** How long a send stays in the log. */
  days: number;
}

const sweepMilliseconds = 6 * 3_600_000;
const dayMilliseconds = 86_400_000;
const pageSize = 200;

/** Takes old lines out of every open tenant's log, one tenant after the other. */
export async function sweepLogs(options: LogRetentionOptions, signal: AbortSignal): Promise<void> {
  const { logger, now, tenantPools, store, days } = options;
  const before = new Date(now().getTime() - days * dayMilliseconds);
  for (let after: string | undefined; ; ) {
    const filter = { status: 'active' as const, limit: pageSize };
    const page = await store.listTenants({ ...filter, ...(after !== undefined && { after }) });
    for (const { id } of page) {
      if (signal.aborted) return;
      try {
        await tenantPools.use(id, (pool) => forgetLog(pool, before));
      } catch (err) {
        logger.warn({ err, tenantId: id }, 'log of one-time passwords not swept');
      } finally {
        // Opened for this alone as a rule: it would hold a connection, and keep a database awake, for half an hour.
        tenantPools.evict(id);
      }
    }
    after = page.at(-1)?.id;
    if (page.length < pageSize) return;
  }
}

/** Sweeps at the start and every six hours. Two processes that sweep at once do no harm. */
export function createLogRetention(options: LogRetentionOptions): Worker {
  const stop = new AbortController();
  let sweeping = Promise.resolve();
  let timer: NodeJS.Timeout | undefined;
  const sweep = () => {
    sweeping = sweeping
      .then(() => sweepLogs(options, stop.signal))
      .catch((err: unknown) => options.logger.warn({ err }, 'logs of one-time passwords not swept'));
  };
  return {
    start() {
      sweep();
      timer = setInterval(sweep, sweepMilliseconds).unref();
    },
    async stop() {
      clearInterval(timer);
      stop.abort();
      await sweeping;
    },
  };
}
