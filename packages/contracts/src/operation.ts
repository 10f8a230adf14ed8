import { z } from 'zod';
import { restoreReport } from './restore.ts';

export const operationKind = z
  .enum([
    'provision',
    'suspend',
    'resume',
    'change-plan',
    'move',
    'confirm',
    'rotate-secret',
    'restore',
    'swap-restored',
    'discard-restored',
    'offboard',
    'erase',
  ])
  .meta({ id: 'OperationKind' });
export type OperationKind = z.infer<typeof operationKind>;

export const operationStatus = z.enum(['running', 'succeeded', 'failed', 'compensated']).meta({
  id: 'OperationStatus',
  description:
    '`compensated`: it failed and all it had made is undone. `failed`: something is left for the operator.',
});
export type OperationStatus = z.infer<typeof operationStatus>;

export const stepStatus = z.enum([
  'pending',
  'running',
  'waiting',
  'retrying',
  'succeeded',
  'failed',
  'undone',
]);
export type StepStatus = z.infer<typeof stepStatus>;

export const operationStep = z
  .object({
    name: z.string(),
    status: stepStatus,
    startedAt: z.iso.datetime().optional(),
    finishedAt: z.iso.datetime().optional(),
    detail: z.string().optional(),
    error: z.string().optional(),
  })
  .meta({ id: 'OperationStep' });
export type OperationStep = z.infer<typeof operationStep>;

export const operationSummary = z
  .object({ operationId: z.uuid(), kind: operationKind, status: operationStatus })
  .meta({ id: 'OperationSummary' });

export const operation = z
  .object({
    operationId: z.uuid(),
    tenantId: z.string(),
    kind: operationKind,
    status: operationStatus,
    startedAt: z.iso.datetime(),
    finishedAt: z.iso.datetime().optional(),
    steps: z.array(operationStep),
    report: restoreReport.optional().meta({ description: 'For operators, of a restore' }),
    error: z.string().optional().meta({ description: 'Why it failed, in a sentence' }),
  })
  .meta({ id: 'Operation' });
export type Operation = z.infer<typeof operation>;
