import type { Plan } from '@kyong/contracts';
import { placementOf, plans, type TenancyPolicy } from '@kyong/tenancy';
import { databaseMonthlyUsd } from './stage-cost.ts';
import { prices } from './tokyo.ts';

/** What a tenant that shares a server writes down, usually. */
const sharedGibibytes = 0.5;

/** What one more tenant of a plan adds to the month: its server and its secrets, or its part of a shared disk. */
export function tenantMonthlyUsd(plan: Plan, policy: TenancyPolicy): number {
  const { instanceClass, allocatedStorageGibibytes, multiAz } = plans[plan];
  if (placementOf(plan, policy) === 'shared')
    return sharedGibibytes * prices.databaseGibibyte + prices.secret;
  // Its own role's, and the master user's, which RDS keeps.
  return (
    databaseMonthlyUsd({ instanceClass, storageGibibytes: allocatedStorageGibibytes, multiAz }) +
    2 * prices.secret
  );
}
