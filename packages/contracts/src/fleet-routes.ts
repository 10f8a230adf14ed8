import { z } from 'zod';
import { planList, quotaList } from './capacity.ts';
import * as fleet from './fleet-migration.ts';
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
  showQuotas: route({
    method: 'GET',
    path: '/fleet/quotas',
    tag: 'Fleet',
    summary: 'What there is only so much of, and how much of it is used (operator)',
    secured: true,
    success: { status: 200, description: 'The quotas', body: quotaList },
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
  showDrift: route({
    method: 'GET',
    path: '/fleet/drift',
    tag: 'Fleet',
    summary: 'How the databases of tenants differ from what their versions should be (operator)',
    description: 'Looks into the databases of one page of tenants.',
    secured: true,
    query: fleet.driftQuery,
    success: { status: 200, description: 'A page of tenants, by tenantId', body: fleet.driftPage },
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
