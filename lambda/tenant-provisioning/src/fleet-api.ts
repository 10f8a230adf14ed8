import { type MigrationPlan, plan as planName, routes } from '@kyong/contracts';
import { type Logger, Problem } from '@kyong/service-kit';
import {
  type FleetMigrationStore,
  monthlyPrice,
  placementOf,
  planMigration,
  startMigration,
  type TenancyPolicy,
  type TenancyStore,
  type TenantSchema,
  UnknownCanaries,
  warmPrice,
} from '@kyong/tenancy';
import type { APIGatewayProxyEvent, APIGatewayProxyResult } from 'aws-lambda';
import type { Caller } from './authorize.ts';
import { json, jsonBody, keyOf, parse } from './http.ts';
import { migrationView } from './views.ts';

export interface FleetDependencies {
  store: Pick<TenancyStore, 'findWarmDatabases'>;
  migrations: FleetMigrationStore;
  schema: Pick<TenantSchema, 'newestVersion'>;
  policy: TenancyPolicy;
  /** Has the migration advanced. A sweep catches what this loses. */
  startMigration: (migrationId: string) => Promise<void>;
  logger: Logger;
}

type FleetEndpoint = (
  event: APIGatewayProxyEvent,
  caller: Caller,
  deps: FleetDependencies,
) => Promise<APIGatewayProxyResult>;

export const fleetApiRoutes = [
  routes.listPlans,
  routes.showWarmPool,
  routes.showVersions,
  routes.planMigration,
  routes.startMigration,
  routes.showMigration,
] as const;

const endpoints: [string, FleetEndpoint][] = [
  [keyOf(routes.showWarmPool), showWarmPool],
  [keyOf(routes.showVersions), showVersions],
  [keyOf(routes.planMigration), showPlan],
  [keyOf(routes.startMigration), start],
  [keyOf(routes.showMigration), showMigration],
];

/** What is asked of all tenants at once; operators alone may, but for the plans. */
export function createFleetEndpoints(deps: FleetDependencies) {
  const served = new Map(
    endpoints.map(([key, endpoint]) => [
      key,
      async (event: APIGatewayProxyEvent, caller: Caller) => {
        if (!caller.isOperator) throw new Problem('forbidden');
        return endpoint(event, caller, deps);
      },
    ]),
  );
  return served.set(keyOf(routes.listPlans), async () => listPlans(deps));
}

function listPlans({ policy }: FleetDependencies): APIGatewayProxyResult {
  const plans = planName.options.map((plan) => {
    const placement = placementOf(plan, policy);
    const selfService = policy.selfServicePlans.includes(plan);
    return { plan, placement, selfService, monthlyPrice: monthlyPrice(plan, placement) };
  });
  return json(200, { plans });
}

async function showWarmPool(_event: APIGatewayProxyEvent, _caller: Caller, { store }: FleetDependencies) {
  const databases = (await store.findWarmDatabases()).map(
    ({ plan, placement, variant, status, createdAt }) => ({
      plan,
      placement,
      variant,
      status,
      createdAt: createdAt.toISOString(),
      monthlyPrice: warmPrice(plan, placement),
    }),
  );
  const cents = databases.reduce((sum, { monthlyPrice }) => sum + Math.round(monthlyPrice.total * 100), 0);
  return json(200, { databases, monthlyTotal: cents / 100 });
}

async function showVersions(_event: APIGatewayProxyEvent, _caller: Caller, deps: FleetDependencies) {
  const [versions, latest] = await Promise.all([
    deps.migrations.countVersions(),
    deps.migrations.findLatestMigration(),
  ]);
  return json(200, {
    newestVersion: deps.schema.newestVersion,
    versions,
    ...(latest && { migration: migrationView(latest) }),
  });
}

async function showPlan(event: APIGatewayProxyEvent, _caller: Caller, deps: FleetDependencies) {
  const { canaries } = parse(routes.planMigration.query, event.queryStringParameters ?? {}, 'query');
  const plan: MigrationPlan = await orProblem(planMigration(canaries, deps.migrations, deps.schema));
  return json(200, plan);
}

async function start(event: APIGatewayProxyEvent, caller: Caller, deps: FleetDependencies) {
  const wish = parse(routes.startMigration.body, jsonBody(event), 'body');
  const started = await orProblem(startMigration(wish, caller, deps.migrations, deps.schema));
  await deps.startMigration(started.migrationId).catch((error: unknown) => {
    deps.logger.warn({ err: error, ...started }, 'the migration waits for the sweep');
  });
  const statusUrl = `/fleet/migrations/${started.migrationId}`;
  return json(202, { ...started, statusUrl }, { location: statusUrl });
}

async function showMigration(event: APIGatewayProxyEvent, _caller: Caller, deps: FleetDependencies) {
  const { migrationId } = parse(routes.showMigration.params, event.pathParameters, 'path');
  const migration = await deps.migrations.findMigration(migrationId);
  if (!migration) throw new Problem('not_found');
  return json(200, migrationView(migration));
}

async function orProblem<T>(promise: Promise<T>): Promise<T> {
  try {
    return await promise;
  } catch (error) {
    if (error instanceof UnknownCanaries) throw new Problem('canaries_unknown', { detail: error.message });
    throw error;
  }
}
