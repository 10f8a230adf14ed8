import { type Actor, effectiveRole, QuotaReached, type StoredDocument } from '@kyong/collaboration';
import { DocumentMissing, findDocument } from '@kyong/collaboration/adapters/tenant-database';
import type { DocumentRole } from '@kyong/contracts';
import type { Pool, TenantPools } from '@kyong/postgres';
import { type Principal, Problem } from '@kyong/service-kit';
import { type EndedAccess, type TenantDirectory, TenantUnavailable } from '@kyong/tenancy';

/** Its database is older than this service: it is migrated in a while. */
const undefinedTable = '42P01';

/**
 * Says whether who a token names may act in its gym at this moment. Every request asks, every socket when it is opened, and each
 * second as long as it is open.
 * @throws {Problem} for a person who may not. @throws {TenantUnavailable} for a gym that is not open, or gone.
 */
export type Authorize = (principal: Principal) => Promise<Actor>;

export function authorizeIn(
  tenants: Pick<TenantDirectory, 'find'>,
  { hasEnded }: Pick<EndedAccess, 'hasEnded'>,
): Authorize {
  return async (principal) => {
    const { sub, tenant, roles } = principal;
    if (hasEnded(principal)) throw new Problem('unauthenticated', { detail: 'This access has ended.' });
    if (tenant === undefined) throw new Problem('forbidden', { detail: 'The token is for no gym.' });
    await tenants.find(tenant);
    return { tenantId: tenant, userId: sub, roles };
  };
}

/** The way of requests into their gym. */
export interface GymAccess {
  authorize: Authorize;
  pools: TenantPools;
}

/**
 * Works in the database of the caller's gym, which is that of their token.
 * @throws {Problem} `forbidden` without a gym, `not_found` when it is gone, `unavailable` while it is not open.
 */
export async function inOwnGym<T>(
  { authorize, pools }: GymAccess,
  principal: Principal,
  task: (pool: Pool, actor: Actor) => Promise<T>,
): Promise<T> {
  try {
    const actor = await authorize(principal);
    return await pools.use(actor.tenantId, (pool) => task(pool, actor));
  } catch (cause) {
    if (cause instanceof TenantUnavailable)
      throw new Problem(cause.reason === 'unknown' ? 'not_found' : 'unavailable', { cause });
    if (cause instanceof QuotaReached) throw new Problem('quota_reached', { detail: cause.message, cause });
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
