import type { OperationRequestOutcome, TenancyStore } from './ports.ts';
import { requestOperation } from './request-operation.ts';
import type { Caller } from './request-provision.ts';

/** Records a move to another shared server: the one that is named, or the emptiest. */
export async function requestMove(
  tenantId: string,
  instanceId: string | undefined,
  caller: Caller,
  store: TenancyStore,
): Promise<OperationRequestOutcome | { outcome: 'not-shared' }> {
  const tenant = await store.findTenant(tenantId);
  if (!tenant) return { outcome: 'unknown' };
  if (tenant.placement !== 'shared') return { outcome: 'not-shared' };
  return requestOperation(
    'move',
    tenantId,
    {
      // One that has no place yet is not active, and is refused for that.
      from: tenant.reservation?.instanceId ?? '',
      ...(instanceId !== undefined && { instanceId }),
    },
    caller,
    store,
  );
}
