import { type Connection, type ConnectionUrl, TenantPools } from '@kyong/postgres';
import type { SecretStore, TenancyStore } from '../ports.ts';
import { TenantDirectory } from '../tenant-directory.ts';
import { listenForTenantChanges } from './tenant-changes.ts';

/** At most 100 × 10 connections to tenants' databases from this process; a pool nobody used for half an hour is closed. */
const poolLimits = { maxTenants: 100, maxConnectionsPerTenant: 10, idleTimeoutSeconds: 1_800 };
/** Changes are heard of as they happen. These are for a change that was missed, and for a master database that is away. */
const directoryLimits = { freshSeconds: 60, staleSeconds: 3_600, maxEntries: 2_000 };

export interface TenantAccessOptions {
  store: Pick<TenancyStore, 'findTenant'>;
  secrets: Pick<SecretStore, 'read'>;
  /** The master database, for a connection that listens. */
  master: Connection | ConnectionUrl;
  /** For the tenants' databases: the authority that signed their certificates, where they have TLS. */
  ssl?: { ca: string };
  now: () => Date;
  onError: (error: Error) => void;
}

/** A service's way into the databases of its tenants: found, pooled, and let go of when a tenant is closed or moves. */
export function openTenantAccess({ store, secrets, master, ssl, now, onError }: TenantAccessOptions) {
  const directory = new TenantDirectory({ ...directoryLimits, store, secrets, now });
  const pools = new TenantPools({
    ...poolLimits,
    connectionOf: async (tenantId) => ({
      ...(await directory.find(tenantId)).connection,
      ...(ssl && { ssl }),
    }),
    onError,
  });
  const changes = listenForTenantChanges(master, {
    changed: (tenantId) => {
      directory.forget(tenantId);
      pools.evict(tenantId);
    },
    connected: () => directory.distrust(),
    error: onError,
  });
  return {
    directory,
    pools,
    async close(): Promise<void> {
      await changes.stop();
      await pools.close();
    },
  };
}
