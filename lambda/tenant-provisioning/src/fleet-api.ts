import { type MigrationPlan, routes } from '@kyong/contracts';
import { type Logger, Problem } from '@kyong/service-kit';
import {
  type FleetMigrationStore,
  findDrift,
  type Ports,
  planMigration,
  startMigration,
  type TenancyStore,
  type TenantSchema,
  UnknownCanaries,
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
  routes.showVersions,
  routes.showDrift,
  routes.planMigration,
  routes.startMigration,
  routes.showMigration,
] as const;

const endpoints: [string, FleetEndpoint][] = [
  [keyOf(routes.showVersions), showVersions],
  [keyOf(routes.showDrift), showDrift],
  [keyOf(routes.planMigration), showPlan],
  [keyOf(routes.startMigration), start],
  [keyOf(routes.showMigration), showMigration],
];

/** What is asked of all tenants at once; operators alone may. */
export function createFleetEndpoints(deps: FleetDependencies) {
  return new Map(
    endpoints.map(([key, endpoint]) => [
      key,
      async (event: APIGatewayProxyEvent, caller: Caller) => {
        if (!caller.isOperator) throw new Problem('forbidden');
        return endpoint(event, caller, deps);
      },
    ]),
  );
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
