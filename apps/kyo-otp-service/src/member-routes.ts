import { routes } from '@kyong/contracts';
import {
  grantRole,
  type Identity,
  leaveTenant,
  type MembershipRefusal,
  type MembershipResult,
  revokeRole,
} from '@kyong/identity';
import { isRecentlyAuthenticated, type Principal, Problem, serve } from '@kyong/service-kit';
import type { FastifyInstance } from 'fastify';
import { addressOf } from './address.ts';
import { stepUpSeconds } from './step-up.ts';

export function memberRoutes(app: FastifyInstance, { identity }: { identity: Identity }): void {
  const attempt = (principal: Principal, sourceIp: string, tenantId: string) => ({
    ...{ actor: principal, sourceIp, tenantId },
    isRecent: isRecentlyAuthenticated(principal, stepUpSeconds, identity.now()),
  });

  serve(app, routes.grantRole, async ({ body: { to, role }, params: { tenantId }, principal, request }) => {
    const change = attempt(principal, request.ip, tenantId);
    const userId = changed(await grantRole(identity, { ...change, to: addressOf(to), role }));
    return { userId, tenantId, role };
  });

  serve(app, routes.revokeRole, async ({ params: { tenantId, userId }, principal, request }) => {
    changed(await revokeRole(identity, { ...attempt(principal, request.ip, tenantId), userId }));
    return undefined;
  });

  serve(app, routes.leaveTenant, async ({ params: { tenantId }, principal, request }) => {
    changed(await leaveTenant(identity, attempt(principal, request.ip, tenantId)));
    return undefined;
  });
}

/** @throws {Problem} that says why not. */
function changed(result: MembershipResult): string {
  if (result.outcome === 'changed') return result.userId;
  const maxAge = result.reason === 'insufficient_user_authentication' && { maxAgeSeconds: stepUpSeconds };
  throw new Problem(result.reason satisfies MembershipRefusal, { ...maxAge });
}
