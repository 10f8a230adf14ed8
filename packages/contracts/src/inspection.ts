import { z } from 'zod';
import { quotaList } from './capacity.ts';
import { differences, repaired } from './doctor.ts';
import { driftPage } from './fleet-migration.ts';
import { paging } from './paging.ts';

/** What an inspection of each kind finds. */
export const inspectionResults = {
  differences,
  repair: repaired,
  drift: driftPage,
  quotas: quotaList,
} as const;

export const inspectionKind = z.enum(['differences', 'repair', 'drift', 'quotas']).meta({
  id: 'InspectionKind',
  description:
    '`differences`: compare what there is of tenants with what the master database says. `repair`: remove what it does not ' +
    'know, only what is provably of this platform, and of no tenant that something is being done to. `drift`: how the databases ' +
    'of a page of tenants differ from what their versions should be. `quotas`: what there is only so much of.',
});
export type InspectionKind = z.infer<typeof inspectionKind>;
export type InspectionResult<K extends InspectionKind> = z.infer<(typeof inspectionResults)[K]>;

export const requestInspection = z
  .strictObject({
    kind: inspectionKind,
    cursor: paging.cursor.meta({ description: 'Of `drift`: the page after this one' }),
  })
  .meta({ id: 'RequestInspection', example: { kind: 'drift' } });

export const inspectionAccepted = z
  .object({ inspectionId: z.uuid(), statusUrl: z.string() })
  .meta({ id: 'InspectionAccepted' });

/** An inspection of one kind. */
export const inspectionOf = <K extends InspectionKind>(kind: K) =>
  z.object({
    inspectionId: z.uuid(),
    kind: z.literal(kind),
    status: z.enum(['running', 'succeeded', 'failed']),
    startedAt: z.iso.datetime(),
    finishedAt: z.iso.datetime().optional(),
    error: z.string().optional().meta({ description: 'Why it failed' }),
    result: inspectionResults[kind].optional().meta({ description: 'Once it has succeeded' }),
  });

export const inspection = z
  .discriminatedUnion('kind', [
    inspectionOf('differences'),
    inspectionOf('repair'),
    inspectionOf('drift'),
    inspectionOf('quotas'),
  ])
  .meta({ id: 'Inspection' });
export type Inspection = z.infer<typeof inspection>;
