import type { Plan, ResizeTime } from '@kyong/contracts';
import { operationInput } from '@kyong/contracts';
import { changePlacement, resize } from './operations/change-plan.ts';
import { placementOf, type TenancyPolicy } from './plan.ts';
import type { OperationRequestOutcome, TenancyStore } from './ports.ts';
import { requestOperation } from './request-operation.ts';
import type { Caller } from './request-provision.ts';

/** One that was accepted says what it changes from: the tenant may have changed already. */
export type PlanChangeOutcome =
  | Exclude<OperationRequestOutcome, { outcome: 'accepted' }>
  | (Extract<OperationRequestOutcome, { outcome: 'accepted' }> & { from: Plan })
  | { outcome: 'plan-unchanged' };

/** Records a change of plan: of the size of the tenant's server, or of the server. The same request again finds the same. */
export async function requestChangePlan(
  tenantId: string,
  { plan, time }: { plan: Plan; time: ResizeTime },
  caller: Caller,
  store: TenancyStore,
  policy: TenancyPolicy,
): Promise<PlanChangeOutcome> {
  const tenant = await store.findTenant(tenantId);
  if (!tenant) return { outcome: 'unknown' };
  if (tenant.plan === plan) {
    const latest = (await store.findLatestOperations([tenantId])).get(tenantId);
    if (latest?.kind !== 'change-plan' || latest.status === 'compensated' || latest.status === 'failed')
      return { outcome: 'plan-unchanged' };
    const { from, to } = operationInput['change-plan'].parse(latest.input);
    if (to !== plan) return { outcome: 'plan-unchanged' };
    return { outcome: 'accepted', operationId: latest.id, status: tenant.status, created: false, from };
  }
  const placement = placementOf(plan, policy);
  const result = await requestOperation(
    'change-plan',
    tenantId,
    { from: tenant.plan, to: plan, placement, time },
    caller,
    store,
    placement === tenant.placement ? resize : changePlacement,
  );
  return result.outcome === 'accepted' ? { ...result, from: tenant.plan } : result;
}
