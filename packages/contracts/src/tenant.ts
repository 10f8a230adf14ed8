import { z } from 'zod';
import { departure } from './departure.ts';
import { operationSummary } from './operation.ts';
import { paging } from './paging.ts';
import { holdsLink, line } from './plain-text.ts';

/** The subdomain of a tenant: 2 to 31 characters, no hyphen at the end, none doubled. */
export const tenantId = z
  .string()
  .max(31, 'at most 31 characters')
  .regex(
    /^[a-z](?:[a-z0-9]|-(?=[a-z0-9])){1,30}$/,
    'a letter, then lower-case letters, digits and single hyphens; 2 to 31 characters',
  )
  .meta({ description: 'The tenant, as it stands in its subdomain', example: 'iron-temple' });

export const plan = z.enum(['free', 'basic', 'premium', 'enterprise']).meta({ id: 'Plan' });
export type Plan = z.infer<typeof plan>;

export const placement = z.enum(['dedicated', 'shared']).meta({
  id: 'Placement',
  description: 'A database server of its own, or a database of its own on a shared server',
});
export type Placement = z.infer<typeof placement>;

export const tenantStatus = z
  .enum([
    'provisioning',
    'active',
    'suspended',
    'changing-plan',
    'restoring',
    'offboarding',
    'offboarded',
    'failed',
  ])
  .meta({ id: 'TenantStatus' });
export type TenantStatus = z.infer<typeof tenantStatus>;

export const provisionTenantRequest = z
  .strictObject({
    tenantId,
    plan,
    name: line(120)
      .refine(
        (name) => !holdsLink(name),
        'a link, or what phones make one of: a dot without a space behind it',
      )
      .optional()
      .meta({ description: 'Stands in messages: one line, no links. Defaults to the tenantId' }),
    region: z
      .string()
      .regex(/^[a-z]{2}(-[a-z]+)+-\d$/, 'an AWS region such as ap-northeast-1')
      .optional()
      .meta({ description: "Defaults to the stage's region", example: 'ap-northeast-1' }),
  })
  .meta({
    id: 'ProvisionTenantRequest',
    example: { tenantId: 'iron-temple', plan: 'free', name: 'Iron Temple' },
  });
export type ProvisionTenantRequest = z.infer<typeof provisionTenantRequest>;

/** When a server is given another size. The window is weekly, and costs the tenant no interruption by day. */
export const resizeTime = z.enum(['now', 'maintenance-window']).meta({ id: 'ResizeTime' });
export type ResizeTime = z.infer<typeof resizeTime>;

export const changePlanRequest = z
  .strictObject({
    plan,
    time: resizeTime.default('now').meta({
      description:
        "When the tenant's own server is given another size. A change between a server of its own and a shared one begins at once.",
    }),
  })
  .meta({ id: 'ChangePlanRequest', example: { plan: 'premium', time: 'maintenance-window' } });

export const moveTenantRequest = z
  .strictObject({
    instanceId: z
      .string()
      .min(1)
      .max(63)
      .optional()
      .meta({ description: 'The shared server to go to; the emptiest other one when absent' }),
  })
  .meta({ id: 'MoveTenantRequest', example: { instanceId: 'kyo-shared-2' } });

export const operationAccepted = z
  .object({
    tenantId,
    operationId: z.uuid(),
    status: tenantStatus.meta({ description: "The tenant's status from now on" }),
    statusUrl: z.string().meta({ description: 'Where the operation can be watched' }),
  })
  .meta({ id: 'OperationAccepted' });
export type OperationAccepted = z.infer<typeof operationAccepted>;

export const provisionTenantResponse = operationAccepted
  .extend({ status: z.literal('provisioning') })
  .meta({ id: 'ProvisionTenantResponse' });
export type ProvisionTenantResponse = z.infer<typeof provisionTenantResponse>;

/** Where a database answers, and by which login services enter it. */
const databaseAddress = z.object({
  host: z.string(),
  port: z.int(),
  name: z.string(),
  role: z.string().meta({ description: 'The login that services use' }),
  secret: z.string().meta({ description: "Where that login's password is kept" }),
  engineVersion: z.string(),
  instanceId: z.string(),
});

export const tenant = z
  .object({
    tenantId,
    name: z.string(),
    plan,
    placement,
    status: tenantStatus,
    region: z.string(),
    schemaVersion: z.string().nullable().meta({ description: 'The newest migration of its database' }),
    createdAt: z.iso.datetime(),
    operation: operationSummary.optional().meta({ description: 'The operation under way, or the last one' }),
    database: databaseAddress.optional().meta({ description: 'For operators, once the database exists' }),
    departure: departure.optional().meta({ description: 'For operators, once the tenant leaves' }),
    restoredDatabase: databaseAddress
      .optional()
      .meta({ description: 'For operators: what a restore has made, until it is swapped or discarded' }),
    previousDatabases: z
      .array(z.object({ instanceId: z.string(), name: z.string(), keepUntil: z.iso.datetime() }))
      .optional()
      .meta({
        description: 'For operators: where the tenant lived before, kept until then or until confirmed',
      }),
  })
  .meta({ id: 'Tenant' });
export type Tenant = z.infer<typeof tenant>;

export const listTenantsQuery = z.object({
  status: tenantStatus.optional(),
  plan: plan.optional(),
  ...paging,
});

export const tenantPage = z
  .object({ tenants: z.array(tenant), nextCursor: z.string().nullable() })
  .meta({ id: 'TenantPage' });
export type TenantPage = z.infer<typeof tenantPage>;
