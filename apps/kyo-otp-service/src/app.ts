import { type OutboxMessage, routes } from '@kyong/contracts';
import type { Identity } from '@kyong/identity';
import { postgresIdentityStore } from '@kyong/identity/adapters/postgres';
import type { SigningKeys } from '@kyong/identity/adapters/signing-keys';
import { createOtp, type OtpKeys, type OtpPolicy } from '@kyong/otp';
import { redisOtpStore } from '@kyong/otp/adapters/redis';
import type { Pool } from '@kyong/postgres';
import { accessTokenVerifier, createHttpApp, type Logger, serve } from '@kyong/service-kit';
import type { FastifyInstance } from 'fastify';
import type { Cluster } from 'ioredis';
import { createLocalJWKSet } from 'jose';
import { limitPerIp } from './ip-limits.ts';
import { memberRoutes } from './member-routes.ts';
import { otpRoutes } from './otp-routes.ts';
import { sessionRoutes } from './session-routes.ts';

export interface OtpServiceDependencies {
  logger: Logger;
  now: () => Date;
  redis: Cluster;
  /** The master database. */
  pool: Pool;
  otpKeys: OtpKeys;
  otpPolicy?: OtpPolicy;
  signingKeys: SigningKeys;
  /** `iss` and `aud` of the tokens that `signingKeys` signs. */
  tokens: { issuer: string; audience: string };
  /** Whether the limits per IP address count loopback as well. */
  limitLoopback: boolean;
  /** How many proxies in front may be believed about the caller's address. */
  trustedProxies?: number;
  /** Serves `/dev/outbox`. On a laptop only: it shows codes. */
  outbox?: { messagesTo(to: string): Promise<OutboxMessage[]> };
}

const bodyLimitBytes = 4 * 1024;

/** One-time passwords, sessions and who may enter which tenant. */
export function createApp(dependencies: OtpServiceDependencies): FastifyInstance {
  const { logger, now, redis, pool, otpKeys, otpPolicy, signingKeys, tokens, trustedProxies } = dependencies;
  const app = createHttpApp({
    logger,
    bodyLimitBytes,
    ...(trustedProxies !== undefined && { trustedProxies }),
    checks: { redis: () => redis.ping(), database: () => pool.query('SELECT 1') },
    verifyAccessToken: accessTokenVerifier({
      ...tokens,
      keys: createLocalJWKSet(signingKeys.publicKeys),
      now,
    }),
  });
  // Answers hold tokens (RFC 6749, 5.1); the public keys say otherwise themselves.
  app.addHook('onRequest', async (_request, reply) => {
    reply.header('cache-control', 'no-store');
  });
  limitPerIp(app, { loopback: dependencies.limitLoopback, now });

  const otp = createOtp({
    store: redisOtpStore(redis),
    keys: otpKeys,
    now,
    ...(otpPolicy && { policy: otpPolicy }),
  });
  const identity: Identity = { store: postgresIdentityStore(pool), signer: signingKeys, now };
  otpRoutes(app, { otp, identity });
  sessionRoutes(app, { identity, signingKeys });
  memberRoutes(app, { identity });
  if (dependencies.outbox) outboxRoute(app, dependencies.outbox);
  return app;
}

function outboxRoute(app: FastifyInstance, outbox: NonNullable<OtpServiceDependencies['outbox']>): void {
  // In a URL typed by hand the `+` of a phone number stands for a space.
  serve(app, routes.outbox, ({ query }) => outbox.messagesTo(query.to.replace(/^ /, '+').toLowerCase()));
}
