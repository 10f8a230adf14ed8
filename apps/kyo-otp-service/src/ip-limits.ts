import { routes } from '@kyong/contracts';
import { Problem } from '@kyong/service-kit';
import type { FastifyInstance } from 'fastify';
import { isLoopback, surroundingsOf } from './client-network.ts';
import { RateLimiter } from './rate-limiter.ts';

/** A gym's guests share one address, so these stop a machine and not a queue at the front desk. */
const limits = {
  [routes.sendOtp.path]: { count: 20, windowSeconds: 60 },
  [routes.verifyOtp.path]: { count: 60, windowSeconds: 60 },
};
/** Providers call from few addresses, for everybody: Amazon's endpoints in bursts of the messages that were just sent. */
const receipts = { count: 1_200, windowSeconds: 60 };
/** A gym's people, or a carrier's, refresh every quarter of an hour. */
const others = { count: 600, windowSeconds: 60 };
/** Asked by the load balancer. */
const probes = new Set(['/health', '/ready']);
/** About 10 MB a limiter. */
const maxKeys = 100_000;

/**
 * Refuses what comes too often from one client network, before its body is read and its token verified: 429 `rate_limited`.
 * What there is no route for counts, too.
 */
export function limitPerIp(app: FastifyInstance, options: { loopback: boolean; now: () => Date }): void {
  const limiterOf = (limit: { count: number; windowSeconds: number }) =>
    new RateLimiter({ ...limit, maxKeys });
  const byReceipts = limiterOf(receipts);
  const byOthers = limiterOf(others);
  const limiters = new Map([
    ...Object.entries(limits).map(([path, limit]) => [path, limiterOf(limit)] as const),
    [routes.mitakeReceipt.path.replace('{token}', ':token'), byReceipts],
    [routes.awsReceipt.path, byReceipts],
  ]);
  app.addHook('onRequest', ({ ip, routeOptions }, _reply, done) => {
    const url = routeOptions.url ?? '';
    if (probes.has(url) || (!options.loopback && isLoopback(ip))) return done();
    const limiter = limiters.get(url) ?? byOthers;
    for (const { network, asMany } of surroundingsOf(ip)) {
      const retryAfterSeconds = limiter.take(network, options.now(), asMany);
      if (retryAfterSeconds > 0) return done(new Problem('rate_limited', { retryAfterSeconds }));
    }
    done();
  });
}
