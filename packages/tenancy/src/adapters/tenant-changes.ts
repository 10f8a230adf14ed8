import { type Connection, type ConnectionUrl, listen } from '@kyong/postgres';
import type { AccessEnd } from '../ended-access.ts';
import { accessEndOf } from './master-database/ended-access.ts';

/** Hears of changed tenants, and of access that has ended, from the master database, as they are committed. */
export function listenForTenantChanges(
  connection: Connection | ConnectionUrl,
  on: {
    changed: (tenantId: string) => void;
    ended: (end: AccessEnd) => void;
    /** The connection is new: what was said before it is not known. */
    connected: () => void;
    error: (error: Error) => void;
  },
): { stop(): Promise<void> } {
  const { changed, ended, connected, error } = on;
  return listen(connection, {
    notified: { tenant_changed: changed, access_ended: (payload) => ended(accessEndOf(JSON.parse(payload))) },
    connected,
    error,
  });
}
