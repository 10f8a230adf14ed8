import type { Lifecycle } from './lifecycle.ts';
import type { TenancyStore } from './ports.ts';
import { requestOperation } from './request-operation.ts';
import type { Caller } from './request-provision.ts';

/** Who asks for what nobody asks for. */
const schedule: Caller = { id: 'schedule', isOperator: true, sourceIp: null };
const batch = 100;

/**
 * Asks for the operations whose time has come: erasures after their grace period, the end of databases that tenants have left,
 * passwords that are too old. Answers with the new operations. What cannot be asked for now is asked for the next time.
 */
export async function requestScheduled(
  store: TenancyStore,
  { secretMaxAgeDays }: Lifecycle,
  now: Date,
): Promise<string[]> {
  const erasures = await store.findDueErasures(now, batch);
  const confirmations = await store.findDueConfirmations(now, batch);
  const rotations =
    secretMaxAgeDays === null
      ? []
      : await store.findDueRotations(new Date(now.getTime() - secretMaxAgeDays * 86_400_000), batch);
  const requests = [
    ...erasures.map((tenantId) => () => requestOperation('erase', tenantId, {}, schedule, store)),
    ...confirmations.map(
      (tenantId) => () =>
        requestOperation('confirm', tenantId, { expiredBy: now.toISOString() }, schedule, store),
    ),
    ...rotations.map((tenantId) => () => requestOperation('rotate-secret', tenantId, {}, schedule, store)),
  ];
  const begun: string[] = [];
  for (const request of requests) {
    const result = await request();
    if (result.outcome === 'accepted' && result.created) begun.push(result.operationId);
  }
  return begun;
}
