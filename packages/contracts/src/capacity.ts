import { z } from 'zod';
import { operationAccepted, placement, plan } from './tenant.ts';

const usd = z.number().min(0);
export const planPrice = z
  .object({
    currency: z.literal('USD'),
    region: z.string(),
    asOf: z.iso.date().meta({ description: 'The day of the price list' }),
    estimated: z.boolean().meta({ description: 'Not every figure is from a price page of AWS' }),
    compute: usd,
    storage: usd,
    secrets: usd,
    total: usd,
    includedBackupGibibytes: z.number().meta({ description: 'Backups beyond these cost extra' }),
  })
  .meta({ id: 'PlanPrice', description: 'What a tenant costs the platform a month, as it begins' });
export type PlanPrice = z.infer<typeof planPrice>;

export const planChangeAccepted = operationAccepted
  .extend({ monthlyPrice: z.object({ from: planPrice, to: planPrice }) })
  .meta({ id: 'PlanChangeAccepted' });

export const planList = z
  .object({
    plans: z.array(z.object({ plan, placement, selfService: z.boolean(), monthlyPrice: planPrice })),
  })
  .meta({ id: 'PlanList' });
export type PlanList = z.infer<typeof planList>;

export const quotaLevel = z.enum(['ok', 'warning', 'exhausted']).meta({
  id: 'QuotaLevel',
  description: '`exhausted`: nothing more is created. `warning`: not far from that.',
});
export type QuotaLevel = z.infer<typeof quotaLevel>;

export const quota = z
  .object({
    name: z.string().meta({ example: 'DB instances' }),
    used: z.number(),
    limit: z.number(),
    level: quotaLevel,
    remedy: z.string().meta({ description: 'What to do before it is exhausted' }),
  })
  .meta({ id: 'Quota' });
export type Quota = z.infer<typeof quota>;

export const quotaList = z.object({ quotas: z.array(quota) }).meta({ id: 'QuotaList' });

export const warmDatabase = z
  .object({
    plan,
    placement,
    variant: z.string().meta({
      description: 'What it is like: schema, or engine and size',
      example: 'basic: PostgreSQL 17.9 on db.t4g.small with 20 GiB',
    }),
    status: z.enum(['requested', 'starting', 'ready', 'draining']),
    createdAt: z.iso.datetime(),
    monthlyPrice: planPrice,
  })
  .meta({ id: 'WarmDatabase', description: 'A database prepared ahead, for the next tenant' });
export type WarmDatabase = z.infer<typeof warmDatabase>;

export const warmPool = z
  .object({
    databases: z.array(warmDatabase),
    monthlyTotal: usd.meta({ description: 'What they cost together, in US dollars' }),
  })
  .meta({ id: 'WarmPool' });
export type WarmPool = z.infer<typeof warmPool>;
