import type { Lifecycle } from './lifecycle.ts';
import type { TenancyStore } from './ports.ts';
import { requestOperation } from './request-operation.ts';
import type { Caller } from './request-provision.ts';

/** Who asks for what nobody asks for. */
const schedule: Caller = { id: 'schedule', isOperator: true, sourceIp: null };
const batch = 100;

/**
 * Asks for the operations whose time has come: erasures after their grace period, passwords that are too old. Answers with
 * the new operations. What cannot be asked for now is asked for the next time.
 */
export async function requestScheduled(
  store: TenancyStore,
  { secretMaxAgeDays }: Lifecycle,
  now: Date,
): Promise<string[]> {
  const due = (await store.findDueErasures(now, batch)).map(
    (tenantId) => ({ kind: 'erase', tenantId }) as const,
  );
  const rotations =
    secretMaxAgeDays === null
      ? []
      : await store.findDueRotations(new Date(now.getTime() - secretMaxAgeDays * 86_400_000), batch);
  const all = [...due, ...rotations.map((tenantId) => ({ kind: 'rotate-secret', tenantId }) as const)];
  const begun: string[] = [];
  for (const { kind, tenantId } of all) {
    const result = await requestOperation(kind, tenantId, {}, schedule, store);
    if (result.outcome === 'accepted' && result.created) begun.push(result.operationId);
  }
  return begun;
}
