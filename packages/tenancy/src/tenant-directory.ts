import type { DatabaseConnection, SecretStore, TenancyStore } from './ports.ts';
import type { Tenant } from './tenant.ts';

/** The tenant is not there (`unknown`: there is none, or it has left), or not open at the moment (`closed`). */
export class TenantUnavailable extends Error {
  override name = 'TenantUnavailable';
  readonly reason: 'unknown' | 'closed';

  constructor(tenantId: string, reason: 'unknown' | 'closed') {
    super(`Tenant ${tenantId} is ${reason === 'unknown' ? 'not there' : 'not open'}.`);
    this.reason = reason;
  }
}

export interface TenantEntry {
  tenant: Tenant;
  /** The way into its database with the rights of its own role. */
  connection: DatabaseConnection;
}

export interface TenantDirectoryOptions {
  store: Pick<TenancyStore, 'findTenant'>;
  secrets: Pick<SecretStore, 'read'>;
  now: () => Date;
  /** An entry older than this is asked for again; between the two, changes are heard of (see `forget`). */
  freshSeconds: number;
  /** While the master database is away, an entry is good for this long: running tenants outlive its outage. */
  staleSeconds: number;
  maxEntries: number;
  /** Which tenants are found: unless said, those whose services are served. */
  statuses?: readonly Tenant['status'][];
}

interface Cached {
  entry: Promise<TenantEntry>;
  readAt: number;
}

/** Statuses in which a tenant's services are served. */
const open: readonly Tenant['status'][] = ['active', 'changing-plan', 'restoring'];

/** Where each tenant's database is and how its own role gets in: kept in memory, told of changes, good for a while alone. */
export class TenantDirectory {
  readonly #options: TenantDirectoryOptions;
  readonly #cache = new Map<string, Cached>();

  constructor(options: TenantDirectoryOptions) {
    this.#options = options;
  }

  /** @throws {TenantUnavailable} unless the tenant is open. */
  async find(tenantId: string): Promise<TenantEntry> {
    const cached = this.#cache.get(tenantId);
    const age = cached ? this.#options.now().getTime() - cached.readAt : Number.POSITIVE_INFINITY;
    if (cached && age < this.#options.freshSeconds * 1000) return cached.entry;

    const entry = this.#read(tenantId);
    this.#keep(tenantId, entry);
    return entry.catch((error: unknown) => {
      // What was good a while ago beats an error, unless the answer was that the tenant is closed.
      if (cached && !(error instanceof TenantUnavailable) && age < this.#options.staleSeconds * 1000) {
        this.#cache.set(tenantId, cached);
        return cached.entry;
      }
      if (this.#cache.get(tenantId)?.entry === entry) this.#cache.delete(tenantId);
      throw error;
    });
  }

  /** The tenant has changed: the next one who asks gets the new entry. */
  forget(tenantId: string): void {
    this.#cache.delete(tenantId);
  }

  /** Changes may have been missed: every entry is asked for again, and kept as long as that cannot be done. */
  distrust(): void {
    for (const cached of this.#cache.values()) {
      cached.readAt = Math.min(
        cached.readAt,
        this.#options.now().getTime() - this.#options.freshSeconds * 1000,
      );
    }
  }

  async #read(tenantId: string): Promise<TenantEntry> {
    const tenant = await this.#options.store.findTenant(tenantId);
    if (!tenant || tenant.status === 'offboarded') throw new TenantUnavailable(tenantId, 'unknown');
    if (
      !tenant.reservation ||
      !tenant.endpoint ||
      !(this.#options.statuses ?? open).includes(tenant.status)
    ) {
      throw new TenantUnavailable(tenantId, 'closed');
    }
    const { endpoint, reservation } = tenant;
    const password = await this.#options.secrets.read(reservation.secretRef);
    const { databaseName: database, roleName: user } = reservation;
    return { tenant, connection: { host: endpoint.host, port: endpoint.port, database, user, password } };
  }

  #keep(tenantId: string, entry: Promise<TenantEntry>): void {
    // Put at the end: a Map keeps the order of insertion, so the first key is the one unused for longest.
    this.#cache.delete(tenantId);
    this.#cache.set(tenantId, { entry, readAt: this.#options.now().getTime() });
    for (const oldest of this.#cache.keys()) {
      if (this.#cache.size <= this.#options.maxEntries) break;
      this.#cache.delete(oldest);
    }
  }
}
