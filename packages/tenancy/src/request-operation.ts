import { randomUUID } from 'node:crypto';
import type { OperationKind } from '@kyong/contracts';
import { operations } from './operations/index.ts';
import type { OperationRequestOutcome, TenancyStore } from './ports.ts';
import type { Caller } from './request-provision.ts';

/** Records a change to a tenant that exists. Who may ask for it, the caller has checked. */
export function requestOperation(
  kind: Exclude<OperationKind, 'provision'>,
  tenantId: string,
  caller: Caller,
  store: TenancyStore,
): Promise<OperationRequestOutcome> {
  const { from, during, repeatable = false, steps } = operations[kind];
  return store.requestOperation({
    operationId: randomUUID(),
    tenantId,
    kind,
    from,
    repeatable,
    ...(during && { during }),
    caller: caller.id,
    sourceIp: caller.sourceIp,
    stepNames: steps.map((step) => step.name),
  });
}
