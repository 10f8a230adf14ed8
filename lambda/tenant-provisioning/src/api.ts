import {
  type OperationAccepted,
  type ProblemCode,
  routes,
  scopes,
  type TenantStatus,
} from '@kyong/contracts';
import { type Logger, Problem, problemResponse, requestIdOf } from '@kyong/service-kit';
import {
  type ProvisionOutcome,
  type ProvisionRefusal,
  requestOperation,
  requestProvision,
  type TenancyPolicy,
  type TenancyStore,
} from '@kyong/tenancy';
import type { APIGatewayProxyEvent, APIGatewayProxyResult } from 'aws-lambda';
import { type Caller, callerOf } from './authorize.ts';
import { createFleetEndpoints, type FleetDependencies, fleetApiRoutes } from './fleet-api.ts';
import { json, jsonBody, keyOf, lowerCaseKeys, parse } from './http.ts';
import { operationView, tenantView } from './views.ts';

export interface ApiDependencies {
  store: TenancyStore;
  policy: TenancyPolicy;
  /** Has the operation advanced: a state machine on AWS, a loop on the laptop. A sweep catches what this loses. */
  startOperation: (operationId: string) => Promise<void>;
  fleet: FleetDependencies;
  logger: Logger;
}

export type ApiHandler = (event: APIGatewayProxyEvent) => Promise<APIGatewayProxyResult>;

type Endpoint = (
  event: APIGatewayProxyEvent,
  caller: Caller,
  deps: ApiDependencies,
) => Promise<APIGatewayProxyResult>;

/** Seconds until the first look at a new operation is worth it. */
const firstLookSeconds = 1;

/** The control plane's API as API Gateway (REST, proxy integration) calls it. */
export function createApi(deps: ApiDependencies): ApiHandler {
  const fleet = createFleetEndpoints(deps.fleet);
  return async (event) => {
    const requestId = requestIdOf(event.requestContext.requestId);
    const startedAt = performance.now();
    let result: APIGatewayProxyResult;
    try {
      const key = `${event.httpMethod} ${event.resource}`;
      const endpoint = endpoints.get(key) ?? fleet.get(key);
      if (!endpoint) throw new Problem('not_found');
      result = await endpoint(event, callerOf(event.requestContext), deps);
    } catch (error) {
      const problem = problemResponse(error, requestId);
      if (problem.status >= 500) deps.logger.error({ requestId, err: error }, 'request failed');
      result = { statusCode: problem.status, headers: problem.headers, body: JSON.stringify(problem.body) };
    }
    const milliseconds = Math.round((performance.now() - startedAt) * 10) / 10;
    deps.logger.info(
      { requestId, method: event.httpMethod, route: event.resource, status: result.statusCode, milliseconds },
      'request',
    );
    return {
      ...result,
      headers: { ...result.headers, 'x-request-id': requestId, 'x-content-type-options': 'nosniff' },
    };
  };
}

/** The routes of the contracts that this function serves. */
export const apiRoutes = [
  routes.provisionTenant,
  routes.listTenants,
  routes.showTenant,
  routes.showOperation,
  routes.suspendTenant,
  routes.resumeTenant,
  ...fleetApiRoutes,
  routes.rotateTenantSecret,
] as const;

const endpoints = new Map<string, Endpoint>([
  [keyOf(routes.provisionTenant), provisionTenant],
  [keyOf(routes.listTenants), listTenants],
  [keyOf(routes.showTenant), showTenant],
  [keyOf(routes.showOperation), showOperation],
  [keyOf(routes.suspendTenant), changeTenant('suspend')],
  [keyOf(routes.resumeTenant), changeTenant('resume')],
  [keyOf(routes.rotateTenantSecret), changeTenant('rotate-secret')],
]);

const refusals: Record<
  Exclude<(ProvisionOutcome | { outcome: ProvisionRefusal })['outcome'], 'accepted'>,
  ProblemCode
> = {
  taken: 'tenant_taken',
  reserved: 'tenant_reserved',
  'key-reused': 'idempotency_key_reused',
  'too-many': 'tenant_limit_reached',
  'region-unavailable': 'region_unavailable',
  'plan-not-self-service': 'plan_not_self_service',
};

async function provisionTenant(event: APIGatewayProxyEvent, caller: Caller, deps: ApiDependencies) {
  const body = parse(routes.provisionTenant.body, jsonBody(event), 'body');
  const headers = parse(routes.provisionTenant.headers, lowerCaseKeys(event.headers), 'headers');
  if (!caller.isOperator && !caller.scopes.includes(scopes.signup)) throw new Problem('signup_required');

  const result = await requestProvision(
    { ...body, idempotencyKey: headers['idempotency-key'] },
    caller,
    deps.store,
    deps.policy,
  );
  if (result.outcome !== 'accepted') throw new Problem(refusals[result.outcome]);

  return accepted(body.tenantId, result.operationId, 'provisioning', deps);
}

/** Hands a recorded operation to its driver, and tells the caller where to watch it. */
async function accepted(
  tenantId: string,
  operationId: string,
  status: TenantStatus,
  deps: ApiDependencies,
): Promise<APIGatewayProxyResult> {
  // The operation is recorded: from here on it happens, whether or not its driver could be reached just now.
  await deps.startOperation(operationId).catch((error: unknown) => {
    deps.logger.warn({ err: error, operationId }, 'the operation waits for the sweep');
  });
  const statusUrl = `/operations/${operationId}`;
  const body: OperationAccepted = { tenantId, operationId, status, statusUrl };
  return json(202, body, { location: statusUrl, 'retry-after': String(firstLookSeconds) });
}

/** An operator's change to a tenant that exists. */
function changeTenant(kind: 'suspend' | 'resume' | 'rotate-secret'): Endpoint {
  return async (event, caller, deps) => {
    if (!caller.isOperator) throw new Problem('forbidden');
    const { tenantId } = parse(routes.showTenant.params, event.pathParameters, 'path');
    const result = await requestOperation(kind, tenantId, {}, caller, deps.store);
    switch (result.outcome) {
      case 'unknown':
        throw new Problem('not_found');
      case 'conflict':
        throw new Problem('tenant_status_conflict', { detail: `The tenant is ${result.status}.` });
      case 'migrating':
        throw new Problem('tenant_status_conflict', {
          detail: 'Its schema is being migrated. Try again in a few seconds.',
        });
      case 'accepted':
        return accepted(tenantId, result.operationId, result.status, deps);
    }
  };
}

async function listTenants(event: APIGatewayProxyEvent, caller: Caller, { store }: ApiDependencies) {
  if (!caller.isOperator) throw new Problem('forbidden');
  const { limit, cursor, status, plan } = parse(
    routes.listTenants.query,
    event.queryStringParameters ?? {},
    'query',
  );
  // One more than asked for tells whether there is another page.
  const tenants = await store.listTenants({
    limit: limit + 1,
    ...(cursor !== undefined && { after: cursor }),
    ...(status && { status }),
    ...(plan && { plan }),
  });
  const page = tenants.slice(0, limit);
  const operations = await store.findLatestOperations(page.map((tenant) => tenant.id));
  return json(200, {
    tenants: page.map((tenant) => tenantView(tenant, operations.get(tenant.id), true)),
    nextCursor: tenants.length > limit ? (page.at(-1)?.id ?? null) : null,
  });
}

async function showTenant(event: APIGatewayProxyEvent, caller: Caller, { store }: ApiDependencies) {
  const { tenantId } = parse(routes.showTenant.params, event.pathParameters, 'path');
  const [tenant, operations] = await Promise.all([
    store.findTenant(tenantId),
    store.findLatestOperations([tenantId]),
  ]);
  const visible = caller.isOperator || tenant?.ownerId === caller.id || caller.tenantId === tenantId;
  if (!tenant || !visible) throw new Problem('not_found');
  return json(200, tenantView(tenant, operations.get(tenantId), caller.isOperator));
}

async function showOperation(event: APIGatewayProxyEvent, caller: Caller, { store }: ApiDependencies) {
  const { operationId } = parse(routes.showOperation.params, event.pathParameters, 'path');
  const operation = await store.findOperation(operationId);
  const visible =
    caller.isOperator || operation?.actor === caller.id || caller.tenantId === operation?.tenantId;
  if (!operation || !visible) throw new Problem('not_found');
  return json(200, operationView(operation));
}
