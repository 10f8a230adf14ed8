import { type MigrationPlan, plan as planName, routes } from '@kyong/contracts';
import { type Logger, Problem } from '@kyong/service-kit';
import {
  type FleetMigrationStore,
  findDrift,
  monthlyPrice,
  type Ports,
  placementOf,
  planMigration,
  type QuotaShares,
  startMigration,
  type TenancyPolicy,
  type TenancyStore,
  type TenantSchema,
  UnknownCanaries,
  withLevel,
} from '@kyong/tenancy';
import type { APIGatewayProxyEvent, APIGatewayProxyResult } from 'aws-lambda';
import type { Caller } from './authorize.ts';
import { json, jsonBody, keyOf, parse } from './http.ts';
import { migrationView } from './views.ts';

export interface FleetDependencies {
  store: Pick<TenancyStore, 'listTenants'>;
  migrations: FleetMigrationStore;
  schema: TenantSchema;
  hosts: Ports['hosts'];
  policy: TenancyPolicy;
  quotaShares: QuotaShares;
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
  routes.showQuotas,
  routes.showVersions,
  routes.showDrift,
  routes.planMigration,
  routes.startMigration,
  routes.showMigration,
] as const;

const endpoints: [string, FleetEndpoint][] = [
  [keyOf(routes.showQuotas), showQuotas],
  [keyOf(routes.showVersions), showVersions],
  [keyOf(routes.showDrift), showDrift],
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

async function showQuotas(
  _event: APIGatewayProxyEvent,
  _caller: Caller,
  { hosts, quotaShares }: FleetDependencies,
) {
  const quotas = await Promise.all([hosts.dedicated.quotas(), hosts.shared.quotas()]);
  return json(200, { quotas: quotas.flat().map((quota) => withLevel(quota, quotaShares)) });
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

async function showDrift(event: APIGatewayProxyEvent, _caller: Caller, deps: FleetDependencies) {
  const { limit, cursor } = parse(routes.showDrift.query, event.queryStringParameters ?? {}, 'query');
  const tenants = await deps.store.listTenants({
    limit: limit + 1,
    ...(cursor !== undefined && { after: cursor }),
  });
  const page = tenants.slice(0, limit);
  const withDatabase = page.filter(({ schemaVersion, reservation }) => schemaVersion && reservation);
  return json(200, {
    tenants: await findDrift(withDatabase, deps),
    nextCursor: tenants.length > limit ? (page.at(-1)?.id ?? null) : null,
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
