import { createHash, randomUUID } from 'node:crypto';
import type { ProvisionTenantRequest } from '@kyong/contracts';
import { operations } from './operations/index.ts';
import { placementOf, type TenancyPolicy } from './plan.ts';
import type { ProvisionOutcome, TenancyStore } from './ports.ts';
import { isReserved } from './tenant.ts';

export interface Caller {
  /** Subject of the token. */
  id: string;
  isOperator: boolean;
  /** For the audit; null where the request came from no address. */
  sourceIp: string | null;
}

export type ProvisionRefusal = 'reserved' | 'region-unavailable' | 'plan-not-self-service';

/**
 * Records a tenant and the operation that will give it a database, in one transaction; nothing is created yet.
 * The same request again finds the same operation.
 */
export async function requestProvision(
  request: ProvisionTenantRequest & { idempotencyKey?: string | undefined },
  caller: Caller,
  store: TenancyStore,
  policy: TenancyPolicy,
): Promise<ProvisionOutcome | { outcome: ProvisionRefusal }> {
  const { tenantId, plan, name = tenantId, region = policy.regions[0], idempotencyKey } = request;
  if (isReserved(tenantId)) return { outcome: 'reserved' };
  if (!policy.regions.includes(region)) return { outcome: 'region-unavailable' };
  if (!caller.isOperator && !policy.selfServicePlans.includes(plan))
    return { outcome: 'plan-not-self-service' };

  const placement = placementOf(plan, policy);
  const ordersServer = !caller.isOperator && placement === 'dedicated';
  return store.requestProvision({
    operationId: randomUUID(),
    tenantId,
    name,
    plan,
    placement,
    region,
    caller: caller.id,
    sourceIp: caller.sourceIp,
    ...(idempotencyKey !== undefined && { idempotencyKey }),
    requestHash: createHash('sha256')
      .update(JSON.stringify([tenantId, plan, name, region]))
      .digest('hex'),
    maxTenantsPerOwner: caller.isOperator ? null : policy.maxTenantsPerOwner,
    maxServersPerDay: ordersServer ? policy.maxSelfServiceServersPerDay : null,
    stepNames: operations.provision.steps.map((step) => step.name),
  });
}
