import { routes } from '@kyong/contracts';
import { grantRole, type Identity, revokeRole } from '@kyong/identity';
import { Problem, requireRecentAuthentication, serve } from '@kyong/service-kit';
import type { FastifyInstance } from 'fastify';
import { addressOf } from './address.ts';
import { stepUpSeconds } from './step-up.ts';

export function memberRoutes(app: FastifyInstance, { identity }: { identity: Identity }): void {
  serve(app, routes.grantRole, async ({ body: { to, role }, params: { tenantId }, principal, request }) => {
    if (role === 'gym_owner') requireRecentAuthentication(principal, stepUpSeconds, identity.now());
    const change = { actor: principal, sourceIp: request.ip, tenantId };
    const result = await grantRole(identity, { ...change, to: addressOf(to), role });
    if (result.outcome === 'refused') throw new Problem(result.reason);
    return { userId: result.userId, tenantId, role };
  });

  serve(app, routes.revokeRole, async ({ params: { tenantId, userId }, principal, request }) => {
    requireRecentAuthentication(principal, stepUpSeconds, identity.now());
    const result = await revokeRole(identity, { actor: principal, sourceIp: request.ip, tenantId, userId });
    if (result.outcome === 'refused') throw new Problem(result.reason);
    return undefined;
  });
}
