import { z } from 'zod';

const state = z.enum(['ready', 'unavailable']);
export const health = z
  .object({
    status: state,
    parts: z.record(z.string(), z.object({ status: state, detail: z.string().optional() })),
  })
  .meta({ id: 'Health' });
export type Health = z.infer<typeof health>;
