import type { Plan } from '@kyong/contracts';
import { monthlyPrice, placementOf, type TenancyPolicy } from '@kyong/tenancy';
import { prices } from './tokyo.ts';

/** What a tenant that shares a server writes down, usually. */
const sharedGibibytes = 0.5;

/** What one more tenant of a plan adds to the month: its server and its secrets, or its part of a shared disk. */
export function tenantMonthlyUsd(plan: Plan, policy: TenancyPolicy): number {
  return placementOf(plan, policy) === 'dedicated'
    ? monthlyPrice(plan, 'dedicated').total
    : sharedGibibytes * prices.databaseGibibyte + prices.secret;
}
