import { type AuditPage, routes } from '@kyong/contracts';
import { Problem } from '@kyong/service-kit';
import type { AuditFilter, TenancyStore } from '@kyong/tenancy';
import type { APIGatewayProxyEvent, APIGatewayProxyResult } from 'aws-lambda';
import type { Caller } from './authorize.ts';
import { json, keyOf, parse } from './http.ts';

interface AuditDependencies {
  store: Pick<TenancyStore, 'listAudit'>;
}

export const auditApiRoutes = [routes.auditOfTenant, routes.audit] as const;

/** Who asked for what; operators alone may know. */
export const auditEndpoints = [
  [keyOf(routes.auditOfTenant), auditOfTenant],
  [keyOf(routes.audit), audit],
] as const;

function auditOfTenant(event: APIGatewayProxyEvent, caller: Caller, deps: AuditDependencies) {
  const { tenantId } = parse(routes.auditOfTenant.params, event.pathParameters, 'path');
  return list(event, caller, deps, { tenantId });
}

function audit(event: APIGatewayProxyEvent, caller: Caller, deps: AuditDependencies) {
  return list(event, caller, deps, {});
}

async function list(
  event: APIGatewayProxyEvent,
  caller: Caller,
  { store }: AuditDependencies,
  of: Pick<AuditFilter, 'tenantId'>,
): Promise<APIGatewayProxyResult> {
  if (!caller.isOperator) throw new Problem('forbidden');
  const { limit, cursor, actor, action } = parse(
    routes.audit.query,
    event.queryStringParameters ?? {},
    'query',
  );
  const found = await store.listAudit({
    ...of,
    ...(actor !== undefined && { actor }),
    ...(action !== undefined && { action }),
    ...(cursor !== undefined && { before: cursor }),
    limit: limit + 1,
  });
  const page = found.slice(0, limit);
  const body: AuditPage = {
    entries: page.map(({ id: _, at, operationId, refused, detail, ...entry }) => ({
      ...entry,
      at: at.toISOString(),
      ...(operationId !== null && { operationId }),
      ...(refused !== null && { refused }),
      ...(Object.keys(detail).length > 0 && { detail }),
    })),
    nextCursor: found.length > limit ? (page.at(-1)?.id ?? null) : null,
  };
  return json(200, body);
}
