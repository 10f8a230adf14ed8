import type { OperationKind, TenantEvent } from '@kyong/contracts';
import type { Claim } from '../ports.ts';
import { provision } from './provision.ts';
import type { Step } from './step.ts';

interface OperationDefinition {
  steps: Step[];
  /** The event that says it failed. */
  failed(claim: Claim, reason: string, occurredAt: Date): TenantEvent;
}

/** Every kind of change to a tenant. */
export const operations: Record<OperationKind, OperationDefinition> = {
  provision: {
    steps: provision,
    failed: ({ tenant, operation }, reason, occurredAt) => ({
      type: 'TenantProvisioningFailed',
      eventId: crypto.randomUUID(),
      occurredAt: occurredAt.toISOString(),
      tenantId: tenant.id,
      operationId: operation.id,
      plan: tenant.plan,
      reason,
    }),
  },
};
