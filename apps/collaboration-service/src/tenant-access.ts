import { type Actor, effectiveRole, type StoredDocument } from '@kyong/collaboration';
import { DocumentMissing, findDocument } from '@kyong/collaboration/adapters/tenant-database';
import type { DocumentRole } from '@kyong/contracts';
import type { Pool, TenantPools } from '@kyong/postgres';
import { type Principal, Problem } from '@kyong/service-kit';
import { TenantUnavailable } from '@kyong/tenancy';

/** Its database is older than this service: it is migrated in a while. */
const undefinedTable = '42P01';

/** Who acts, if the token is of a tenant. */
export function actorOf({ sub, tenant, roles }: Principal): Actor | undefined {
  return tenant === undefined ? undefined : { tenantId: tenant, userId: sub, roles };
}

/**
 * Works in the database of the caller's gym, which is that of their token.
 * @throws {Problem} `forbidden` without a gym, `not_found` when it is gone, `unavailable` while it is not open.
 */
export async function inOwnGym<T>(
  pools: TenantPools,
  principal: Principal,
  task: (pool: Pool, actor: Actor) => Promise<T>,
): Promise<T> {
  const actor = actorOf(principal);
  if (!actor) throw new Problem('forbidden');
  try {
    return await pools.use(actor.tenantId, (pool) => task(pool, actor));
  } catch (cause) {
    if (cause instanceof TenantUnavailable)
      throw new Problem(cause.reason === 'unknown' ? 'not_found' : 'unavailable', { cause });
    if (cause instanceof DocumentMissing) throw new Problem('not_found', { cause });
    if ((cause as { code?: unknown }).code === undefinedTable) throw new Problem('unavailable', { cause });
    throw cause;
  }
}

/** A document the actor may see, and as what. Others' documents and those that are not there look the same. */
export async function findVisible(
  pool: Pool,
  actor: Actor,
  documentId: string,
): Promise<(StoredDocument & { role: DocumentRole }) | undefined> {
  const document = await findDocument(pool, documentId, actor.userId);
  const role = document && effectiveRole(actor, document.given);
  return role ? { ...document, role } : undefined;
}
