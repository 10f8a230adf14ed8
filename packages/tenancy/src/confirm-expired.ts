import type { TenancyStore } from './ports.ts';
import { requestOperation } from './request-operation.ts';

const limit = 20;

/** Has former databases destroyed whose time has come; answers with the operations that will do it. */
export async function confirmExpired(store: TenancyStore, now: Date): Promise<string[]> {
  const operationIds: string[] = [];
  for (const tenantId of await store.findTenantsToConfirm(now, limit)) {
    const platform = { id: 'platform', isOperator: true, sourceIp: null };
    const expiredBy = now.toISOString();
    const result = await requestOperation('confirm', tenantId, { expiredBy }, platform, store);
    if (result.outcome === 'accepted') operationIds.push(result.operationId);
  }
  return operationIds;
}
