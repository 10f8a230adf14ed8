import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Pool, transaction } from '@kyong/postgres';
import { isUnavailable } from '@kyong/service-kit';
import { openTenantAccess } from '../src/adapters/tenant-access.ts';
import type { World } from './support.ts';

export interface WriteLoad {
  /** Every row whose write was acknowledged. */
  written: string[];
  /** Attempts that were refused, and tried again. */
  refused: number;
  /** Longest time from a write's first attempt to its acknowledgement. */
  longestMilliseconds: number;
  perSecond: number;
}

/**
 * Writers that behave as services do: through the directory and the pools, and again when a write was refused. Each adds rows
 * and counts them in a row of its own, in one transaction: a count that is neither the last acknowledged nor the one after it
 * is a write that was lost, or done twice.
 */
export function startWriteLoad(world: World, tenantId: string, writers = 8): { stop(): Promise<WriteLoad> } {
  const { store, secrets, now } = world.ports;
  const access = openTenantAccess({ store, secrets, master: world.connection, now, onError: () => {} });
  const load: WriteLoad = { written: [], refused: 0, longestMilliseconds: 0, perSecond: 0 };
  const startedAt = performance.now();
  let stopped = false;

  async function run(): Promise<void> {
    const counter = randomUUID();
    for (let count = 1; !stopped; count += 1) {
      const row = randomUUID();
      const since = performance.now();
      while (
        !(await access.pools.use(tenantId, (pool) => write(pool, { counter, count, row })).catch(retryable))
      ) {
        load.refused += 1;
        await sleep(20);
      }
      load.longestMilliseconds = Math.max(load.longestMilliseconds, performance.now() - since);
      load.written.push(row);
      await sleep(5);
    }
    load.written.push(counter);
  }
  const running = Promise.all(Array.from({ length: writers }, run));
  return {
    async stop() {
      stopped = true;
      await running;
      load.perSecond = load.written.length / ((performance.now() - startedAt) / 1000);
      await access.close();
      return load;
    },
  };
}

function write(
  pool: Pool,
  { counter, count, row }: { counter: string; count: number; row: string },
): Promise<boolean> {
  return transaction(pool, async (client) => {
    const { rows } = await client.query<{ attempts: number }>(
      'SELECT attempts FROM otp_log WHERE reference = $1 FOR UPDATE',
      [counter],
    );
    const found = rows[0]?.attempts ?? 0;
    // Done by an attempt whose answer was lost.
    if (found === count) return true;
    if (found !== count - 1) throw new Error(`Write ${count} finds ${found} before it.`);
    await insert(client, counter, count);
    await insert(client, row, 0);
    return true;
  });
}

const insert = (client: Pick<Pool, 'query'>, reference: string, attempts: number) =>
  client.query(
    `INSERT INTO otp_log (reference, status, channel, purpose, recipient, recipient_hash, attempts, requested_at)
     VALUES ($1, 'queued', 'sms', 'login', '+886…', 'hash', $2, now())
     ON CONFLICT (reference) DO UPDATE SET attempts = excluded.attempts`,
    [reference, attempts],
  );

/** What a service answers with 503 and `Retry-After`. Everything else is a fault. */
function retryable(error: unknown): false {
  if (!isUnavailable(error)) throw error;
  return false;
}
