import { randomUUID } from 'node:crypto';
import type { OperationInput, OperationKind } from '@kyong/contracts';
import { operations } from './operations/index.ts';
import type { Step } from './operations/step.ts';
import type { OperationRequestOutcome, TenancyStore } from './ports.ts';
import type { Caller } from './request-provision.ts';

/** Records a change to a tenant that exists. Who may ask for it, the caller has checked. */
export function requestOperation<K extends Exclude<OperationKind, 'provision'>>(
  kind: K,
  tenantId: string,
  input: OperationInput<K>,
  caller: Caller,
  store: TenancyStore,
  /** Where a kind has several ways: the steps of this one. */
  steps: readonly Step[] = operations[kind].steps,
): Promise<OperationRequestOutcome> {
  const { from, during, repeatable = false } = operations[kind];
  return store.requestOperation({
    operationId: randomUUID(),
    tenantId,
    kind,
    from,
    repeatable,
    ...(during && { during }),
    input,
    caller: caller.id,
    sourceIp: caller.sourceIp,
    stepNames: steps.map((step) => step.name),
  });
}
