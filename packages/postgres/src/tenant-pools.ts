import { LRUCache } from 'lru-cache';
import type { Pool } from 'pg';
import { type Connection, createPool } from './pool.ts';

export interface TenantPoolsOptions {
  /** Where a tenant's database is, with the credentials of its own role. */
  connectionOf: (tenantId: string) => Promise<Connection>;
  /** Most tenants with a pool at one time; beyond it the pool unused for longest is closed. */
  maxTenants: number;
  /** Most connections a tenant may hold from this process. All together: `maxTenants × maxConnectionsPerTenant`. */
  maxConnectionsPerTenant: number;
  /** A pool nobody used for this long is closed. */
  idleTimeoutSeconds: number;
  onError: (error: Error) => void;
}

/** All pools are in use by running queries. Trying again in a moment helps. */
export class TenantPoolsExhausted extends Error {
  override name = 'TenantPoolsExhausted';
  readonly code = '53300';
}

/** Nobody at that address, or nobody who knows this role, its password or its database. */
const connectionFailures = new Set([
  ...['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH', 'ETIMEDOUT'],
  ...['28P01', '28000', '3D000'],
]);

function isConnectionFailure(error: unknown): boolean {
  const { code, message } = error as { code?: unknown; message?: unknown };
  if (typeof code === 'string' && connectionFailures.has(code)) return true;
  return typeof message === 'string' && message.includes('timeout exceeded when trying to connect');
}

interface Entry {
  pool: Promise<Pool>;
  users: number;
}

/**
 * Pools of tenant databases, opened at first use and bounded both in tenants and in connections.
 * A pool in use is never closed under its user: when every pool is in use and another tenant comes, that one is refused.
 */
export class TenantPools {
  readonly #options: TenantPoolsOptions;
  readonly #entries: LRUCache<string, Entry>;
  readonly #closing = new Set<Promise<void>>();

  constructor(options: TenantPoolsOptions) {
    this.#options = options;
    this.#entries = new LRUCache<string, Entry>({
      // The bound is kept by #makeRoom, which alone knows what is in use.
      max: options.maxTenants + 1,
      ttl: options.idleTimeoutSeconds * 1000,
      ttlAutopurge: true,
      updateAgeOnGet: true,
      dispose: (entry) => this.#close(entry),
    });
  }

  /** How many tenants have a pool now. */
  get size(): number {
    return this.#entries.size;
  }

  /**
   * Runs `task` with the tenant's pool. One that cannot connect is forgotten: the database may have moved, or its password
   * changed, and the next user asks again where it is.
   * @throws {TenantPoolsExhausted}
   */
  async use<T>(tenantId: string, task: (pool: Pool) => Promise<T>): Promise<T> {
    const entry = this.#entries.get(tenantId) ?? this.#open(tenantId);
    entry.users += 1;
    try {
      return await task(await entry.pool);
    } catch (error) {
      if (isConnectionFailure(error) && this.#entries.peek(tenantId) === entry) this.evict(tenantId);
      throw error;
    } finally {
      entry.users -= 1;
      // Evicted or expired while in use: the last user turns off the light.
      if (entry.users === 0 && this.#entries.peek(tenantId) !== entry) this.#close(entry);
    }
  }

  /** Forgets a tenant's pool: after a move, a rotation or a suspension. Running queries end on the old one. */
  evict(tenantId: string): void {
    this.#entries.delete(tenantId);
  }

  /** Closes every pool; resolves once all connections are gone. */
  async close(): Promise<void> {
    this.#entries.clear();
    await Promise.all(this.#closing);
  }

  #open(tenantId: string): Entry {
    this.#makeRoom();
    const { connectionOf, maxConnectionsPerTenant, idleTimeoutSeconds, onError } = this.#options;
    const pool = connectionOf(tenantId).then((connection) =>
      createPool(connection, { maxConnections: maxConnectionsPerTenant, idleTimeoutSeconds }, onError),
    );
    const entry: Entry = { pool, users: 0 };
    this.#entries.set(tenantId, entry);
    // A tenant whose address could not be had is asked for again the next time.
    pool.catch(() => {
      if (this.#entries.peek(tenantId) === entry) this.#entries.delete(tenantId);
    });
    return entry;
  }

  #makeRoom(): void {
    if (this.#entries.size < this.#options.maxTenants) return;
    for (const tenantId of this.#entries.rkeys()) {
      if (this.#entries.peek(tenantId)?.users === 0) {
        this.#entries.delete(tenantId);
        return;
      }
    }
    throw new TenantPoolsExhausted(`All ${this.#options.maxTenants} tenant pools are in use.`);
  }

  #close(entry: Entry): void {
    if (entry.users > 0) return;
    const closing = entry.pool
      .then((pool) => pool.end())
      .catch(this.#options.onError)
      .finally(() => this.#closing.delete(closing));
    this.#closing.add(closing);
  }
}
