import { z } from 'zod';
import { plan } from './tenant.ts';

const envelope = {
  eventId: z.uuid(),
  occurredAt: z.iso.datetime(),
  tenantId: z.string(),
  operationId: z.uuid(),
};

/** What the control plane tells the world once an operation has finished. */
export const tenantEvent = z.discriminatedUnion('type', [
  z.object({ ...envelope, type: z.literal('TenantProvisioned'), plan }),
  z.object({ ...envelope, type: z.literal('TenantProvisioningFailed'), plan, reason: z.string() }),
]);
export type TenantEvent = z.infer<typeof tenantEvent>;
