import { type ProblemDocument, routes } from '@kyong/contracts';
import { type Logger, logSecurityEvent, refusalEvent } from '@kyong/service-kit';
import type { TenancyStore } from '@kyong/tenancy';
import type { APIGatewayProxyEvent } from 'aws-lambda';
import { callerOf } from './authorize.ts';
import type { AddressOf } from './source-address.ts';

export interface RefusalDependencies {
  store: Pick<TenancyStore, 'recordRefusal'>;
  addressOf: AddressOf;
  logger: Logger;
}

/** What a caller may not, or what does not fit; a body that is malformed is no attempt at anything. */
const refusalStatuses = new Set([403, 409, 422]);

/** Writes down that somebody asked for a change to a tenant and did not get it. */
export async function recordRefusal(
  event: APIGatewayProxyEvent,
  problem: { status: number; code: string },
  { store, addressOf, logger }: RefusalDependencies,
): Promise<void> {
  const params = routes.showTenant.params.safeParse(event.pathParameters);
  if (event.httpMethod === 'GET' || !params.success || !refusalStatuses.has(problem.status)) return;
  const action =
    event.httpMethod === 'DELETE' ? 'offboard' : (event.resource.split('/').at(-1) ?? event.resource);
  const { id: actor, sourceIp } = callerOf(event, addressOf);
  const entry = { actor, sourceIp, action, tenantId: params.data.tenantId, refused: problem.code };
  // The answer is the same whether or not this works.
  await store.recordRefusal(entry).catch((err: unknown) => {
    logger.error({ err, ...entry }, 'a refusal could not be written down');
  });
}

/** A line for a refusal that is an event of security: whether or not it was about a tenant, and there is one. */
export function noteRefusal(
  event: APIGatewayProxyEvent,
  { code }: Pick<ProblemDocument, 'code'>,
  requestId: string,
  { addressOf, logger }: RefusalDependencies,
): void {
  const name = refusalEvent(code);
  if (!name) return;
  const caller = event.requestContext.authorizer ?? {};
  logSecurityEvent(logger, {
    event: name,
    outcome: 'refused',
    actor: typeof caller.sub === 'string' ? caller.sub : null,
    tenantId: typeof caller.tenant === 'string' ? caller.tenant : undefined,
    sourceIp: addressOf(event),
    requestId,
    reason: code,
  });
}
