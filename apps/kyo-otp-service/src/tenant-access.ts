import type { Role } from '@kyong/contracts';
import type { TenantDatabases } from '@kyong/otp/adapters/tenant-database';
import type { Pool, TenantPools } from '@kyong/postgres';
import { type Principal, Problem } from '@kyong/service-kit';
import { TenantUnavailable } from '@kyong/tenancy';

const managers: ReadonlySet<Role> = new Set<Role>(['gym_owner', 'gym_manager']);
/** Its database is older than this service: it is migrated in a while. */
const undefinedTable = '42P01';

/**
 * Works in the database of the gym that the caller owns or manages: that of their token.
 * @throws {Problem} `forbidden` without such a role, `not_found` when the gym is gone, `unavailable` while it is not open.
 */
export async function inOwnGym<T>(
  pools: TenantPools,
  { tenant, roles }: Principal,
  task: (pool: Pool, tenantId: string) => Promise<T>,
): Promise<T> {
  if (tenant === undefined || !roles.some((role) => managers.has(role))) throw new Problem('forbidden');
  try {
    return await pools.use(tenant, (pool) => task(pool, tenant));
  } catch (cause) {
    if (cause instanceof TenantUnavailable)
      throw new Problem(cause.reason === 'unknown' ? 'not_found' : 'unavailable', { cause });
    if ((cause as { code?: unknown }).code === undefinedTable) throw new Problem('unavailable', { cause });
    throw cause;
  }
}

/** For what is written without a caller. */
export function tenantDatabases(pools: TenantPools): TenantDatabases {
  return {
    pools,
    isUnknown: (error) => error instanceof TenantUnavailable && error.reason === 'unknown',
  };
}
