import { effectiveRole } from '@kyong/collaboration';
import { findDocument } from '@kyong/collaboration/adapters/tenant-database';
import type { TenantPools } from '@kyong/postgres';
import type { LiveDocument } from './live-document.ts';

/** Asks again what everybody who has a document open here may do, and holds them to it. */
export async function recheckRoles(live: LiveDocument, pools: TenantPools): Promise<void> {
  const { tenantId, documentId } = live.document;
  const users = Map.groupBy(live.members.keys(), ({ actor }) => actor.userId);
  for (const [userId, connections] of users) {
    const document = await pools.use(tenantId, (pool) => findDocument(pool, documentId, userId));
    for (const connection of connections) {
      const role = document ? effectiveRole(connection.actor, document.given) : null;
      if (role === live.members.get(connection) || !live.members.has(connection)) continue;
      if (role) live.members.set(connection, role);
      else live.leave(connection);
      connection.socket.emit('document:role', { documentId, role });
    }
  }
}
