import { routes } from '@kyong/contracts';
import { Problem } from '@kyong/service-kit';
import type { FastifyInstance } from 'fastify';
import { clientNetwork, isLoopback } from './client-network.ts';
import { RateLimiter } from './rate-limiter.ts';

/** A gym's guests share one address, so these stop a machine and not a queue at the front desk. */
const limits = {
  [routes.sendOtp.path]: { count: 20, windowSeconds: 60 },
  [routes.verifyOtp.path]: { count: 60, windowSeconds: 60 },
};
/** About 10 MB a limiter. */
const maxKeys = 100_000;

/** Refuses what comes too often from one client network, before its body is read: 429 `rate_limited`. */
export function limitPerIp(app: FastifyInstance, options: { loopback: boolean; now: () => Date }): void {
  const limiters = new Map(
    Object.entries(limits).map(([path, limit]) => [path, new RateLimiter({ ...limit, maxKeys })]),
  );
  app.addHook('onRequest', ({ ip, routeOptions }, _reply, done) => {
    const limiter = limiters.get(routeOptions.url ?? '');
    if (!limiter || (!options.loopback && isLoopback(ip))) return done();
    const retryAfterSeconds = limiter.take(clientNetwork(ip), options.now());
    if (retryAfterSeconds > 0) return done(new Problem('rate_limited', { retryAfterSeconds }));
    done();
  });
}
