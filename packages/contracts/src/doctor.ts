import { z } from 'zod';
import { resourceKind } from './departure.ts';

export const difference = z
  .object({
    problem: z.enum(['orphan', 'missing']).meta({
      description:
        '`orphan`: it is there and the master database does not know it. `missing`: the other way round.',
    }),
    kind: resourceKind,
    name: z.string(),
    tenantId: z.string(),
  })
  .meta({ id: 'Difference' });

export const differences = z.object({ differences: z.array(difference) }).meta({ id: 'Differences' });
export type Differences = z.infer<typeof differences>;

export const repaired = z
  .object({
    removed: z.array(difference),
    failed: z.array(difference.extend({ reason: z.string() })),
  })
  .meta({ id: 'Repaired' });
export type Repaired = z.infer<typeof repaired>;
