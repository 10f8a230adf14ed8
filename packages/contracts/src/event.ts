import { z } from 'zod';
import { plan } from './tenant.ts';

const envelope = {
  eventId: z.uuid(),
  occurredAt: z.iso.datetime(),
  tenantId: z.string(),
  operationId: z.uuid(),
  plan,
};
const succeeded = <T extends string>(type: T) => z.object({ ...envelope, type: z.literal(type) });
const failed = <T extends string>(type: T) =>
  z.object({ ...envelope, type: z.literal(type), reason: z.string() });

/** What the control plane tells the world once an operation has finished. */
export const tenantEvent = z.discriminatedUnion('type', [
  succeeded('TenantProvisioned'),
  failed('TenantProvisioningFailed'),
  succeeded('TenantSuspended'),
  failed('TenantSuspensionFailed'),
  succeeded('TenantResumed'),
  failed('TenantResumptionFailed'),
  succeeded('TenantPlanChanged').extend({ previousPlan: plan }),
  failed('TenantPlanChangeFailed'),
  succeeded('TenantMoved'),
  failed('TenantMoveFailed'),
  succeeded('TenantChangeConfirmed'),
  failed('TenantChangeConfirmationFailed'),
  succeeded('TenantSecretRotated'),
  failed('TenantSecretRotationFailed'),
  succeeded('TenantRestorePrepared'),
  failed('TenantRestoreFailed'),
  succeeded('TenantRestored'),
  failed('TenantRestoreSwapFailed'),
  succeeded('TenantRestoreDiscarded'),
  failed('TenantRestoreDiscardFailed'),
  z.object({ ...envelope, type: z.literal('TenantOffboarding'), eraseAfter: z.iso.datetime() }),
  failed('TenantOffboardingFailed'),
  succeeded('TenantOffboarded'),
  failed('TenantErasureFailed'),
]);
export type TenantEvent = z.infer<typeof tenantEvent>;
