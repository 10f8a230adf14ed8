import { type Route, routes } from '@kyong/contracts';
import type { Problem } from '@kyong/service-kit';
import type { FastifyInstance } from 'fastify';

const reads = new Set(['GET', 'HEAD', 'OPTIONS']);

/** What goes on beside reading: people come in and are sent out, and operators look, stop a gym, or make room. */
const goesOn: ReadonlySet<string> = new Set(
  [
    routes.sendOtp,
    routes.verifyOtp,
    routes.refresh,
    routes.exchangeOperatorProof,
    routes.logout,
    routes.endOtherSessions,
    routes.endSession,
    routes.revokeRole,
    routes.leaveTenant,
    routes.erasePerson,
    routes.searchOtpLog,
    routes.awsReceipt,
    routes.suspendTenant,
    routes.resumeTenant,
    routes.confirmTenantChange,
    routes.discardRestored,
    routes.requestInspection,
  ].map(nameOf),
);

/**
 * Has an app look whether there is room before a request that would store something, and refuse it where there is none: before
 * its body is read.
 * @param look answers with the refusal.
 */
export function refuseWithoutRoom(app: FastifyInstance, look: () => Promise<Problem | undefined>): void {
  app.addHook('onRequest', async (request) => {
    const { url: path } = request.routeOptions;
    if (path === undefined || reads.has(request.method) || goesOn.has(`${request.method} ${path}`)) return;
    const refusal = await look();
    if (refusal) throw refusal;
  });
}

/** As the router knows it. */
function nameOf({ method, path }: Route): string {
  return `${method} ${path.replaceAll(/\{(\w+)\}/g, ':$1')}`;
}
