import type { Role } from '@kyong/contracts';
import type { TenancyStore, Tenant } from '@kyong/tenancy';
import type { Caller } from './authorize.ts';

/** Those who work there: what a gym has bought, and what is done to it, is not its guests' business. */
const staff: ReadonlySet<Role> = new Set<Role>(['gym_owner', 'gym_manager', 'gym_staff', 'trainer']);
/** While nobody has a role in it. */
const unopened: ReadonlySet<Tenant['status']> = new Set<Tenant['status']>(['provisioning', 'failed']);

/** Whether a caller may see a tenant and its operations. Who asked for it may as long as they have a role there. */
export async function maySee(
  { id, isOperator, tenantId, roles }: Caller,
  tenant: Tenant,
  store: Pick<TenancyStore, 'findRole'>,
): Promise<boolean> {
  if (isOperator) return true;
  if (tenantId === tenant.id) return roles.some((role) => staff.has(role));
  if (tenant.ownerId !== id) return false;
  if (unopened.has(tenant.status)) return true;
  const role = await store.findRole(id, tenant.id);
  return role !== undefined && staff.has(role);
}
