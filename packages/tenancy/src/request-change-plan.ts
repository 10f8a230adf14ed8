import type { Plan, ResizeTime } from '@kyong/contracts';
import { operationInput } from '@kyong/contracts';
import { changePlacement, resize } from './operations/change-plan.ts';
import { placementOf, type TenancyPolicy } from './plan.ts';
import type { OperationRequestOutcome, TenancyStore } from './ports.ts';
import { requestOperation } from './request-operation.ts';
import type { Caller } from './request-provision.ts';

/** Records a change of plan: of the size of the tenant's server, or of the server. The same request again finds the same. */
export async function requestChangePlan(
  tenantId: string,
  { plan, time }: { plan: Plan; time: ResizeTime },
  caller: Caller,
  store: TenancyStore,
  policy: TenancyPolicy,
): Promise<OperationRequestOutcome | { outcome: 'plan-unchanged' }> {
  const tenant = await store.findTenant(tenantId);
  if (!tenant) return { outcome: 'unknown' };
  if (tenant.plan === plan) {
    const latest = (await store.findLatestOperations([tenantId])).get(tenantId);
    const changed =
      latest?.kind === 'change-plan' && latest.status !== 'compensated' && latest.status !== 'failed';
    const same = changed && operationInput['change-plan'].parse(latest.input).to === plan;
    if (!same) return { outcome: 'plan-unchanged' };
    return { outcome: 'accepted', operationId: latest.id, status: tenant.status, created: false };
  }
  const placement = placementOf(plan, policy);
  return requestOperation(
    'change-plan',
    tenantId,
    { from: tenant.plan, to: plan, placement, time },
    caller,
    store,
    placement === tenant.placement ? resize : changePlacement,
  );
}
