import { type Connection, type ConnectionUrl, TenantPools } from '@kyong/postgres';
import { EndedAccess } from '../ended-access.ts';
import type { SecretStore, TenancyStore } from '../ports.ts';
import type { Tenant } from '../tenant.ts';
import { TenantDirectory } from '../tenant-directory.ts';
import { followEndedAccess } from './follow-ended-access.ts';
import { listenForTenantChanges } from './tenant-changes.ts';

/** At most 100 × 10 connections to tenants' databases from this process; a pool nobody used for half an hour is closed. */
const poolLimits = { maxTenants: 100, maxConnectionsPerTenant: 10, idleTimeoutSeconds: 1_800 };
/** As above, of those few that leave, in the seconds in which they do. */
const leavingLimits = { maxTenants: 20, maxConnectionsPerTenant: 2, idleTimeoutSeconds: 10 };
/** Changes are heard of as they happen. These are for a change that was missed, and for a master database that is away. */
const directoryLimits = { freshSeconds: 60, staleSeconds: 3_600, maxEntries: 2_000 };

export interface TenantAccessOptions {
  store: Pick<TenancyStore, 'findTenant' | 'findEndedAccess'>;
  secrets: Pick<SecretStore, 'read'>;
  /** The master database, for a connection that listens. */
  master: Connection | ConnectionUrl;
  /** For the tenants' databases: the authority that signed their certificates, where they have TLS. */
  ssl?: { ca: string };
  now: () => Date;
  onError: (error: Error) => void;
}

/**
 * A service's way into the databases of its tenants: found, pooled, and let go of when a tenant is closed or moves; and what it has
 * to know of tokens that have ended before their time.
 */
export function openTenantAccess({ store, secrets, master, ssl, now, onError }: TenantAccessOptions) {
  const open = (limits: typeof poolLimits, statuses?: Tenant['status'][]) => {
    const directory = new TenantDirectory({
      ...directoryLimits,
      ...(statuses && { statuses }),
      store,
      secrets,
      now,
    });
    const pools = new TenantPools({
      ...limits,
      connectionOf: async (tenantId) => ({
        ...(await directory.find(tenantId)).connection,
        ...(ssl && { ssl }),
      }),
      onError,
    });
    return { directory, pools };
  };
  const { directory, pools } = open(poolLimits);
  const leaving = open(leavingLimits, ['offboarding']);
  const all = [{ directory, pools }, leaving];
  const endedAccess = new EndedAccess(now);
  const following = followEndedAccess(endedAccess, store, onError);
  const changes = listenForTenantChanges(master, {
    ended: (end) => endedAccess.add([end]),
    changed: (tenantId) => {
      for (const each of all) {
        each.directory.forget(tenantId);
        each.pools.evict(tenantId);
      }
    },
    connected: () => {
      following.readAgain();
      for (const each of all) each.directory.distrust();
    },
    error: onError,
  });
  return {
    directory,
    pools,
    endedAccess,
    /** Of tenants that leave: for what is still to be written of what people did, and never for people. */
    leavingPools: leaving.pools,
    async close(): Promise<void> {
      following.stop();
      await changes.stop();
      await Promise.all(all.map((each) => each.pools.close()));
    },
  };
}
