import { z } from 'zod';
import type { OperationKind } from './operation.ts';
import { placement, plan, resizeTime } from './tenant.ts';

const nothing = z.strictObject({});

/** What each kind of operation is told beside its tenant; written with the operation, and read by its steps. */
export const operationInput = {
  provision: z.strictObject({ plan, name: z.string(), region: z.string() }),
  suspend: nothing,
  resume: nothing,
  'change-plan': z.strictObject({ from: plan, to: plan, placement, time: resizeTime }),
  move: z.strictObject({ from: z.string(), instanceId: z.string().optional() }),
  confirm: z.strictObject({
    /** Only what was to be kept until then; all of it when absent. */
    expiredBy: z.iso.datetime().optional(),
  }),
  'rotate-secret': nothing,
  restore: z.strictObject({ to: z.iso.datetime() }),
  'swap-restored': nothing,
  'discard-restored': nothing,
  offboard: nothing,
  erase: nothing,
} as const satisfies Record<OperationKind, z.ZodType>;
export type OperationInput<K extends OperationKind> = z.infer<(typeof operationInput)[K]>;
