import { z } from 'zod';
import { tenantId } from './tenant.ts';

export const migrationStatus = z.enum(['running', 'succeeded', 'failed', 'halted']).meta({
  id: 'MigrationStatus',
  description:
    '`failed`: every tenant was tried, and those reported did not go through. `halted`: too many failed, and some were not tried.',
});
export type MigrationStatus = z.infer<typeof migrationStatus>;

export const migrationTenantStatus = z.enum(['pending', 'running', 'succeeded', 'failed', 'skipped']);
export type MigrationTenantStatus = z.infer<typeof migrationTenantStatus>;

const mostCanaries = 100;
const canaries = z
  .union([z.int().min(0).max(mostCanaries), z.array(tenantId).min(1).max(mostCanaries)])
  .meta({ description: 'The tenants that go first, by name, or how many' });

export const startMigrationRequest = z
  .strictObject({
    canaries: canaries.default(1),
    concurrency: z.int().min(1).max(64).default(8).meta({ description: 'Databases at one time' }),
    maxFailures: z
      .int()
      .min(0)
      .max(1_000_000)
      .default(5)
      .meta({ description: 'More failed tenants than these halt it; a failed canary halts it always' }),
  })
  .meta({
    id: 'StartMigrationRequest',
    example: { canaries: ['iron-temple'], concurrency: 8, maxFailures: 5 },
  });
export type StartMigrationRequest = z.output<typeof startMigrationRequest>;

/** In a query the names of canaries stand side by side. */
export const migrationPlanQuery = z.object({
  canaries: z
    .string()
    .regex(
      /^(?:100|[1-9]?\d|[a-z](?:[a-z0-9]|-(?=[a-z0-9])){1,30}(?:,[a-z](?:[a-z0-9]|-(?=[a-z0-9])){1,30}){0,99})$/,
      'a number up to 100, or as many tenantIds with commas between them',
    )
    .default('1')
    .transform((text) => (/^\d/.test(text) ? Number(text) : text.split(',')))
    .pipe(canaries),
});

export const migrationPlan = z
  .object({
    targetVersion: z.string().meta({ description: 'The newest version this platform knows' }),
    waves: z.array(z.array(tenantId)).meta({ description: 'The canaries, then one wave after the other' }),
  })
  .meta({ id: 'MigrationPlan' });
export type MigrationPlan = z.infer<typeof migrationPlan>;

const report = z.object({
  tenantId,
  fromVersion: z.string(),
  attempts: z.int(),
  reason: z.string(),
});

export const migration = z
  .object({
    migrationId: z.uuid(),
    targetVersion: z.string(),
    status: migrationStatus,
    concurrency: z.int(),
    maxFailures: z.int(),
    startedAt: z.iso.datetime(),
    finishedAt: z.iso.datetime().optional(),
    reason: z.string().optional().meta({ description: 'Why it halted' }),
    tenants: z
      .partialRecord(migrationTenantStatus, z.int())
      .meta({ description: 'How many are where', example: { pending: 12, running: 8, succeeded: 980 } }),
    failures: z.array(report).meta({ description: 'Tenants left as they were, and why' }),
    waiting: z.array(report).meta({ description: 'Tenants that are tried again, and why' }),
  })
  .meta({ id: 'Migration' });
export type Migration = z.infer<typeof migration>;

export const migrationAccepted = z
  .object({
    migrationId: z.uuid(),
    created: z.boolean().meta({ description: 'False when one was under way: this is it' }),
    statusUrl: z.string(),
  })
  .meta({ id: 'MigrationAccepted' });

export const schemaVersions = z
  .object({
    newestVersion: z.string().meta({ description: 'The newest version this platform knows' }),
    versions: z.array(z.object({ version: z.string().nullable(), tenants: z.int() })),
    migration: migration.optional().meta({ description: 'The migration under way, or the last one' }),
  })
  .meta({ id: 'SchemaVersions' });
export type SchemaVersions = z.infer<typeof schemaVersions>;

export const schemaDifference = z.object({
  difference: z.enum(['missing', 'unexpected', 'changed']),
  kind: z.string().meta({ example: 'index' }),
  name: z.string().meta({ example: 'gym.name' }),
  expected: z.string().optional(),
  actual: z.string().optional(),
});
export type SchemaDifference = z.infer<typeof schemaDifference>;

export const tenantDrift = z
  .object({
    tenantId,
    version: z
      .string()
      .nullable()
      .meta({ description: 'By its own ledger; null when that could not be read' }),
    differences: z.array(schemaDifference),
    error: z.string().optional().meta({ description: 'Why it could not be compared' }),
  })
  .meta({ id: 'TenantDrift' });
export type TenantDrift = z.infer<typeof tenantDrift>;

export const driftPage = z
  .object({ tenants: z.array(tenantDrift), nextCursor: z.string().nullable() })
  .meta({ id: 'DriftPage' });
export type DriftPage = z.infer<typeof driftPage>;
