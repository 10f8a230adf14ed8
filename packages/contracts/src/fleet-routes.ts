import { z } from 'zod';
import { planList, warmPool } from './capacity.ts';
import * as fleet from './fleet-migration.ts';
import { inspection, inspectionAccepted, requestInspection } from './inspection.ts';
import { route } from './route.ts';

/** What operators do to all tenants at once, and what there is room for. */
export const fleetRoutes = {
  listPlans: route({
    method: 'GET',
    path: '/plans',
    tag: 'Tenants',
    summary: 'The plans, and what a tenant of each costs a month',
    secured: true,
    success: { status: 200, description: 'Every plan', body: planList },
    problems: [],
  }),
  requestInspection: route({
    method: 'POST',
    path: '/fleet/inspections',
    tag: 'Fleet',
    summary: 'Look into what there is of tenants (operator)',
    description: 'The API itself has no way into a database of a tenant: the driver of operations looks.',
    secured: true,
    body: requestInspection,
    success: {
      status: 202,
      description: 'Accepted; watch the inspection',
      body: inspectionAccepted,
      headers: { Location: 'The inspection', 'Retry-After': 'Seconds until it is worth asking' },
    },
    problems: ['forbidden'],
  }),
  showInspection: route({
    method: 'GET',
    path: '/fleet/inspections/{inspectionId}',
    tag: 'Fleet',
    summary: 'What an inspection has found (operator)',
    description: 'It is kept for a week.',
    secured: true,
    params: z.object({ inspectionId: z.uuid() }),
    success: { status: 200, description: 'The inspection', body: inspection },
    problems: ['forbidden', 'not_found'],
  }),
  showWarmPool: route({
    method: 'GET',
    path: '/fleet/pool',
    tag: 'Fleet',
    summary: 'The databases that are prepared ahead, and what they cost a month (operator)',
    secured: true,
    success: { status: 200, description: 'The warm pool', body: warmPool },
    problems: ['forbidden'],
  }),
  showVersions: route({
    method: 'GET',
    path: '/fleet/versions',
    tag: 'Fleet',
    summary: 'How many tenants are at which version of the schema (operator)',
    secured: true,
    success: {
      status: 200,
      description: 'The versions, and the latest migration',
      body: fleet.schemaVersions,
    },
    problems: ['forbidden'],
  }),
  planMigration: route({
    method: 'GET',
    path: '/fleet/migration-plan',
    tag: 'Fleet',
    summary: 'Whom a migration would take, and in which order (operator)',
    secured: true,
    query: fleet.migrationPlanQuery,
    success: { status: 200, description: 'The waves', body: fleet.migrationPlan },
    problems: ['forbidden', 'canaries_unknown'],
  }),
  startMigration: route({
    method: 'POST',
    path: '/fleet/migrations',
    tag: 'Fleet',
    summary: 'Migrate every tenant to the newest version (operator)',
    description: 'While a migration is under way, it is the answer.',
    secured: true,
    body: fleet.startMigrationRequest,
    success: {
      status: 202,
      description: 'Accepted; watch the migration',
      body: fleet.migrationAccepted,
      headers: { Location: 'The migration' },
    },
    problems: ['forbidden', 'canaries_unknown'],
  }),
  showMigration: route({
    method: 'GET',
    path: '/fleet/migrations/{migrationId}',
    tag: 'Fleet',
    summary: 'Watch a migration (operator)',
    secured: true,
    params: z.object({ migrationId: z.uuid() }),
    success: { status: 200, description: 'How far it is, and who failed', body: fleet.migration },
    problems: ['forbidden', 'not_found'],
  }),
} as const;
