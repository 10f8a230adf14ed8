import { type Plan, type ProblemCode, routes, scopes } from '@kyong/contracts';
import { Problem, problemResponse, requestIdOf } from '@kyong/service-kit';
import {
  type ArchiveStore,
  monthlyPrice,
  type OperationRequestOutcome,
  type ProvisionOutcome,
  type ProvisionRefusal,
  placementOf,
  requestChangePlan,
  requestMove,
  requestOperation,
  requestProvision,
  type TenancyPolicy,
} from '@kyong/tenancy';
import type { APIGatewayProxyEvent, APIGatewayProxyResult } from 'aws-lambda';
import { accepted, answerTo } from './accepted.ts';
import { auditApiRoutes, auditEndpoints } from './audit-api.ts';
import { type Caller, callerOf } from './authorize.ts';
import { createFleetEndpoints, type FleetDependencies, fleetApiRoutes } from './fleet-api.ts';
import { json, jsonBody, keyOf, lowerCaseKeys, parse } from './http.ts';
import {
  createInspectionEndpoints,
  type InspectionDependencies,
  inspectionApiRoutes,
} from './inspection-api.ts';
import { noteRefusal, recordRefusal } from './refusals.ts';
import { changeRestored, type RestoreDependencies, restoreTenant } from './restore-api.ts';
import type { AddressOf } from './source-address.ts';
import {
  departureView,
  exportView,
  operationView,
  previousDatabasesView,
  restoredDatabaseView,
  tenantView,
} from './views.ts';
import { maySee } from './visible.ts';

export interface ApiDependencies extends RestoreDependencies {
  addressOf: AddressOf;
  archives: Pick<ArchiveStore, 'link'>;
  policy: TenancyPolicy;
  fleet: FleetDependencies;
  inspection: InspectionDependencies;
}

export type ApiHandler = (event: APIGatewayProxyEvent) => Promise<APIGatewayProxyResult>;

type Endpoint = (
  event: APIGatewayProxyEvent,
  caller: Caller,
  deps: ApiDependencies,
) => Promise<APIGatewayProxyResult>;

/** An export's address is good for this long: for the download to begin. */
const exportLinkSeconds = 900;

/** The control plane's API as API Gateway (REST, proxy integration) calls it. */
export function createApi(deps: ApiDependencies): ApiHandler {
  const fleet = createFleetEndpoints(deps.fleet);
  const inspection = createInspectionEndpoints(deps.inspection);
  return async (event) => {
    const requestId = requestIdOf(event.requestContext.requestId);
    const startedAt = performance.now();
    let result: APIGatewayProxyResult;
    try {
      const key = `${event.httpMethod} ${event.resource}`;
      const endpoint = endpoints.get(key) ?? fleet.get(key) ?? inspection.get(key);
      if (!endpoint) throw new Problem('not_found');
      const caller = callerOf(event, deps.addressOf);
      // The authorizer has no way into the database, and its answer is kept for a while.
      const isExpired = caller.expiresAt * 1000 <= deps.now().getTime();
      if (isExpired || (await deps.store.hasEnded(caller.access)))
        throw new Problem('unauthenticated', { detail: 'This access has ended.' });
      result = await endpoint(event, caller, deps);
    } catch (error) {
      const problem = problemResponse(error, requestId);
      if (problem.status >= 500) deps.logger.error({ requestId, err: error }, 'request failed');
      result = { statusCode: problem.status, headers: problem.headers, body: JSON.stringify(problem.body) };
      await recordRefusal(event, problem.body, deps);
      noteRefusal(event, problem.body, requestId, deps);
    }
    const milliseconds = Math.round((performance.now() - startedAt) * 10) / 10;
    deps.logger.info(
      {
        requestId,
        sourceIp: deps.addressOf(event),
        method: event.httpMethod,
        route: event.resource,
        status: result.statusCode,
        milliseconds,
      },
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
  routes.restoreTenant,
  routes.swapRestored,
  routes.discardRestored,
  ...fleetApiRoutes,
  ...inspectionApiRoutes,
  routes.rotateTenantSecret,
  routes.offboardTenant,
  routes.exportOfTenant,
  routes.retryOperation,
  ...auditApiRoutes,
  routes.changePlan,
  routes.moveTenant,
  routes.confirmTenantChange,
] as const;

const endpoints = new Map<string, Endpoint>([
  [keyOf(routes.provisionTenant), provisionTenant],
  [keyOf(routes.listTenants), listTenants],
  [keyOf(routes.showTenant), showTenant],
  [keyOf(routes.showOperation), showOperation],
  [keyOf(routes.suspendTenant), changeTenant(simply('suspend'))],
  [keyOf(routes.resumeTenant), changeTenant(simply('resume'))],
  [keyOf(routes.rotateTenantSecret), changeTenant(simply('rotate-secret'))],
  [keyOf(routes.confirmTenantChange), changeTenant(simply('confirm'))],
  [keyOf(routes.changePlan), changePlan],
  [keyOf(routes.moveTenant), changeTenant(moveTenant)],
  [keyOf(routes.restoreTenant), restoreTenant],
  [keyOf(routes.swapRestored), changeRestored('swap-restored')],
  [keyOf(routes.discardRestored), changeRestored('discard-restored')],
  [keyOf(routes.offboardTenant), changeTenant(simply('offboard'))],
  [keyOf(routes.exportOfTenant), exportOfTenant],
  [keyOf(routes.retryOperation), retryOperation],
  ...auditEndpoints,
]);

const refusals: Record<
  Exclude<(ProvisionOutcome | { outcome: ProvisionRefusal })['outcome'], 'accepted'>,
  ProblemCode
> = {
  taken: 'tenant_taken',
  reserved: 'tenant_reserved',
  'key-reused': 'idempotency_key_reused',
  'too-many': 'tenant_limit_reached',
  'servers-exhausted': 'self_service_exhausted',
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
  if (result.outcome !== 'accepted') {
    throw new Problem(refusals[result.outcome], {
      ...(result.outcome === 'servers-exhausted' && { retryAfterSeconds: result.retryAfterSeconds }),
      ...(result.outcome === 'plan-not-self-service' && {
        detail: `By yourself you may choose: ${deps.policy.selfServicePlans.join(', ')}. An operator gives the others.`,
      }),
    });
  }

  return accepted({ tenantId: body.tenantId, operationId: result.operationId, status: 'provisioning' }, deps);
}

type RequestChange = (
  tenantId: string,
  event: APIGatewayProxyEvent,
  caller: Caller,
  deps: ApiDependencies,
) => Promise<OperationRequestOutcome | { outcome: 'not-shared' }>;

/** A change that needs to be told nothing. */
function simply(kind: 'suspend' | 'resume' | 'rotate-secret' | 'offboard' | 'confirm'): RequestChange {
  return (tenantId, _event, caller, { store }) => requestOperation(kind, tenantId, {}, caller, store);
}

/** A change of plan, with what it changes in what the tenant costs. */
async function changePlan(event: APIGatewayProxyEvent, caller: Caller, deps: ApiDependencies) {
  if (!caller.isOperator) throw new Problem('forbidden');
  const { tenantId } = parse(routes.changePlan.params, event.pathParameters, 'path');
  const body = parse(routes.changePlan.body, jsonBody(event), 'body');
  const result = await requestChangePlan(tenantId, body, caller, deps.store, deps.policy);
  if (result.outcome === 'plan-unchanged') throw new Problem('tenant_plan_unchanged');
  if (result.outcome !== 'accepted') return answerTo(result, tenantId, deps);
  const priceOf = (plan: Plan) => monthlyPrice(plan, placementOf(plan, deps.policy));
  return answerTo(result, tenantId, deps, {
    monthlyPrice: { from: priceOf(result.from), to: priceOf(body.plan) },
  });
}

function moveTenant(
  tenantId: string,
  event: APIGatewayProxyEvent,
  caller: Caller,
  { store }: ApiDependencies,
) {
  const { instanceId } = parse(routes.moveTenant.body, jsonBody(event), 'body');
  return requestMove(tenantId, instanceId, caller, store);
}

/** An operator's change to a tenant that exists. */
function changeTenant(request: RequestChange): Endpoint {
  return async (event, caller, deps) => {
    if (!caller.isOperator) throw new Problem('forbidden');
    const { tenantId } = parse(routes.showTenant.params, event.pathParameters, 'path');
    const result = await request(tenantId, event, caller, deps);
    if (result.outcome !== 'not-shared') return answerTo(result, tenantId, deps);
    throw new Problem('tenant_not_shared', {
      detail: 'A tenant with a server of its own gets another one by a change of its plan.',
    });
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
  const [tenant, operations, second, departure] = await Promise.all([
    store.findTenant(tenantId),
    store.findLatestOperations([tenantId]),
    caller.isOperator ? store.findSecondDatabases(tenantId) : [],
    caller.isOperator ? store.findDeparture(tenantId) : undefined,
  ]);
  if (!tenant || !(await maySee(caller, tenant, store))) throw new Problem('not_found');
  return json(200, {
    ...tenantView(tenant, operations.get(tenantId), caller.isOperator),
    ...restoredDatabaseView(second),
    ...previousDatabasesView(second),
    ...departureView(departure),
  });
}

async function exportOfTenant(event: APIGatewayProxyEvent, caller: Caller, deps: ApiDependencies) {
  // To the operator alone, who hands it on: for a gym that is shut out there are no tokens any more that prove a role in it.
  if (!caller.isOperator) throw new Problem('forbidden');
  const { tenantId } = parse(routes.exportOfTenant.params, event.pathParameters, 'path');
  const departure = await deps.store.findDeparture(tenantId);
  if (!departure) throw new Problem('not_found');
  const { id: actor, sourceIp } = caller;
  await deps.store.recordRead({ actor, sourceIp, action: 'export.read', tenantId });
  const expiresAt = new Date(deps.now().getTime() + exportLinkSeconds * 1000).toISOString();
  const url = await deps.archives.link(departure.archive.ref, exportLinkSeconds);
  return json(200, { url, expiresAt, ...exportView(departure.archive) });
}

async function retryOperation(event: APIGatewayProxyEvent, caller: Caller, deps: ApiDependencies) {
  if (!caller.isOperator) throw new Problem('forbidden');
  const { operationId } = parse(routes.retryOperation.params, event.pathParameters, 'path');
  const result = await deps.store.retryOperation(operationId, caller);
  if (result.outcome === 'unknown') throw new Problem('not_found');
  if (result.outcome === 'not-parked') throw new Problem('operation_not_parked');
  const tenant = await deps.store.findTenant(result.tenantId);
  return accepted({ tenantId: result.tenantId, operationId, status: tenant?.status ?? 'failed' }, deps);
}

async function showOperation(event: APIGatewayProxyEvent, caller: Caller, { store }: ApiDependencies) {
  const { operationId } = parse(routes.showOperation.params, event.pathParameters, 'path');
  const operation = await store.findOperation(operationId);
  const tenant = operation && (await store.findTenant(operation.tenantId));
  if (!tenant || !(await maySee(caller, tenant, store))) throw new Problem('not_found');
  return json(200, operationView(operation, caller.isOperator));
}
