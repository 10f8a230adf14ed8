import { randomUUID } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import type { OperationInput, OperationKind } from '@kyong/contracts';
import { operations } from './operations/index.ts';
import type { Step } from './operations/step.ts';
import type { OperationRequestOutcome, TenancyStore } from './ports.ts';
import type { Caller } from './request-provision.ts';

/** A suspended tenant is shut out from the request on, while its database is being closed: a second as a rule. */
const suspensionMilliseconds = 3_000;
const lookMilliseconds = 100;

/**
 * Records a change to a tenant that exists. Who may ask for it, the caller has checked. Who sees that a tenant is suspended may ask
 * for the next change: the end of the suspension is waited for.
 */
export async function requestOperation<K extends Exclude<OperationKind, 'provision'>>(
  kind: K,
  tenantId: string,
  input: OperationInput<K>,
  caller: Caller,
  store: TenancyStore,
  /** Where a kind has several ways: the steps of this one. */
  steps: readonly Step[] = operations[kind].steps,
): Promise<OperationRequestOutcome> {
  const { from, during, repeatable = false } = operations[kind];
  const request = {
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
  };
  for (const until = performance.now() + suspensionMilliseconds; ; ) {
    const result = await store.requestOperation(request);
    const isEnding = result.outcome === 'running' && result.kind === 'suspend' && from.includes('suspended');
    if (!isEnding || performance.now() > until) return result;
    await setTimeout(lookMilliseconds);
  }
}
