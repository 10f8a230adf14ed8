import { type Connection, type ConnectionUrl, listen } from '@kyong/postgres';

/** Hears of changed tenants from the master database, as they are committed. */
export function listenForTenantChanges(
  connection: Connection | ConnectionUrl,
  on: {
    changed: (tenantId: string) => void;
    /** The connection is new: what was said before it is not known. */
    connected: () => void;
    error: (error: Error) => void;
  },
): { stop(): Promise<void> } {
  return listen(connection, 'tenant_changed', { ...on, notified: on.changed });
}
