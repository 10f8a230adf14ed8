import { type DocumentQuota, nearlyFull, QuotaReached } from '@kyong/collaboration';
import { readDatabaseBytes } from '@kyong/collaboration/adapters/tenant-database';
import type { Plan } from '@kyong/contracts';
import type { Pool } from '@kyong/postgres';
import type { Logger } from '@kyong/service-kit';
import type { TenantDirectory } from '@kyong/tenancy';

/** A size that was read so long ago is read again: it is asked for at each write, and the server looks at every file for it. */
const freshMilliseconds = 60_000;
const mebibyte = 1024 * 1024;

export interface QuotasOptions {
  quotas: Record<Plan, DocumentQuota>;
  tenants: Pick<TenantDirectory, 'find'>;
  logger: Logger;
  now: () => Date;
}

/** What gyms may keep, by their plans, and how much their databases hold. */
export class Quotas {
  readonly #options: QuotasOptions;
  readonly #sizes = new Map<string, { bytes: number; readAt: number }>();

  constructor(options: QuotasOptions) {
    this.#options = options;
  }

  async of(tenantId: string): Promise<DocumentQuota> {
    const { tenant } = await this.#options.tenants.find(tenantId);
    return this.#options.quotas[tenant.plan];
  }

  /** @throws {QuotaReached} when the gym's database holds what it may. @returns the gym's quota. */
  async ensureRoom(tenantId: string, pool: Pool): Promise<DocumentQuota> {
    const quota = await this.of(tenantId);
    const bytes = await this.bytesOf(tenantId, pool);
    if (bytes >= quota.databaseBytes)
      throw new QuotaReached('Data of the gym', `${Math.floor(quota.databaseBytes / mebibyte)} MiB`);
    return quota;
  }

  /** As of a minute ago at most; who nears the quota is named in the log each time it is read. */
  async bytesOf(tenantId: string, pool: Pool): Promise<number> {
    const now = this.#options.now().getTime();
    for (const [known, { readAt }] of this.#sizes)
      if (now - readAt >= freshMilliseconds) this.#sizes.delete(known);
    const known = this.#sizes.get(tenantId);
    if (known) return known.bytes;
    const bytes = await readDatabaseBytes(pool);
    this.#sizes.set(tenantId, { bytes, readAt: now });
    const { databaseBytes } = await this.of(tenantId);
    if (bytes >= databaseBytes * nearlyFull)
      this.#options.logger.warn({ tenantId, bytes, databaseBytes }, 'a database is nearly full');
    return bytes;
  }
}
