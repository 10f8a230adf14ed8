import { type OutboxMessage, routes } from '@kyong/contracts';
import type { Identity, OperatorIdentities } from '@kyong/identity';
import { postgresIdentityStore } from '@kyong/identity/adapters/postgres';
import type { SigningKeys } from '@kyong/identity/adapters/signing-keys';
import {
  createOtp,
  defaultPlatformPolicy,
  type OtpKeys,
  type OtpPolicy,
  type PlatformPolicy,
} from '@kyong/otp';
import { redisOtpStore } from '@kyong/otp/adapters/redis';
import type { SnsSubscriptions } from '@kyong/otp/adapters/sns-subscription';
import { postgresTenantSettings } from '@kyong/otp/adapters/tenant-settings';
import type { Pool, TenantPools } from '@kyong/postgres';
import { confirmWrites } from '@kyong/redis';
import { accessTokenVerifier, createHttpApp, type Logger, serve } from '@kyong/service-kit';
import { verifyByLibsodium } from '@kyong/service-kit/libsodium';
import type { EndedAccess } from '@kyong/tenancy';
import { auditSecurityEvents } from '@kyong/tenancy/adapters/master-database';
import type { FastifyInstance } from 'fastify';
import type { Cluster } from 'ioredis';
import { createLocalJWKSet } from 'jose';
import { limitPerIp } from './ip-limits.ts';
import { logRoutes } from './log-routes.ts';
import { memberRoutes } from './member-routes.ts';
import { operatorRoutes } from './operator-routes.ts';
import { otpRoutes } from './otp-routes.ts';
import { peopleRoutes } from './people-routes.ts';
import { platformAt } from './platform.ts';
import { policyRoutes } from './policy-routes.ts';
import { receiptRoutes } from './receipt-routes.ts';
import { createSending, type SendingOptions } from './sending.ts';
import { sessionRoutes } from './session-routes.ts';
import { tenantSmsLog } from './sms-log.ts';
import { templateRoutes } from './template-routes.ts';

/** Beside these: the limits of the brake on fraud, a captcha before SMS, and who is told of alarms (the log is anyway). */
export interface OtpServiceDependencies extends Pick<SendingOptions, 'brake' | 'captcha' | 'onAlarm'> {
  logger: Logger;
  now: () => Date;
  redis: Cluster;
  /** How many replicas of a primary have a code before it is answered for; 0 for a Redis that has none. */
  confirmingReplicas: number;
  /** The master database. */
  pool: Pool;
  /** The tenants' own databases. */
  tenantPools: TenantPools;
  otpKeys: OtpKeys;
  otpPolicy?: OtpPolicy;
  /** Where the platform answers, as messages say it: `kyo.example`. */
  publicHost?: string | undefined;
  /** What tenants may set and what holds without; the codes themselves are `otpPolicy`. */
  platformPolicy?: Partial<Omit<PlatformPolicy, 'codes'>>;
  /** Fixed codes by phone number or e-mail address; outside production only. */
  testNumbers?: ReadonlyMap<string, string>;
  signingKeys: SigningKeys;
  /** `iss` and `aud` of the tokens that `signingKeys` signs. */
  tokens: { issuer: string; audience: string };
  /** Which tokens have ended before their time. */
  endedAccess: Pick<EndedAccess, 'hasEnded'>;
  /** Whether callers on this machine are limited by more than what a recipient gets. */
  limitLoopback: boolean;
  /** How many proxies in front may be believed about the caller's address. */
  trustedProxies?: number;
  /** Confirms that of the topic which brings AWS's receipts. */
  subscriptions?: Pick<SnsSubscriptions, 'confirm'>;
  /** Who may prove to be an operator by another identity: on AWS. The laptop's has a token in a file. */
  operators?: OperatorIdentities;
  /** Serves `/dev/outbox`, which shows codes: given by the laptop's platform alone. */
  outbox?: { messagesTo(to: string): Promise<OutboxMessage[]> };
}

const bodyLimitBytes = 4 * 1024;

/** One-time passwords, sessions and who may enter which tenant. */
export function createApp(dependencies: OtpServiceDependencies): FastifyInstance {
  const { logger, now, redis, pool, tenantPools, otpKeys, otpPolicy, signingKeys, tokens, trustedProxies } =
    dependencies;
  const app = createHttpApp({
    logger,
    bodyLimitBytes,
    ...(trustedProxies !== undefined && { trustedProxies }),
    checks: { redis: () => redis.ping(), database: () => pool.query('SELECT 1') },
    keepSecurityEvent: auditSecurityEvents(pool),
    verifyAccessToken: accessTokenVerifier({
      ...tokens,
      keys: createLocalJWKSet(signingKeys.publicKeys),
      now,
      verifySignature: verifyByLibsodium,
      hasEnded: dependencies.endedAccess.hasEnded,
    }),
  });
  limitPerIp(app, { loopback: dependencies.limitLoopback, now });

  const platform = {
    ...defaultPlatformPolicy,
    ...dependencies.platformPolicy,
    ...(otpPolicy && { codes: otpPolicy }),
  };
  const { testNumbers = new Map<string, string>() } = dependencies;
  const write = confirmWrites(redis, dependencies.confirmingReplicas);
  const otp = createOtp({
    store: redisOtpStore(write),
    keys: otpKeys,
    now,
    policy: platform.codes,
    testCodes: testNumbers,
  });
  const settings = postgresTenantSettings(pool);
  const { gate, policies } = createSending(app, {
    ...dependencies,
    platform,
    settings,
    smsLog: tenantSmsLog(tenantPools, logger),
    countLoopback: dependencies.limitLoopback,
    testNumbers,
  });
  const identity: Identity = { store: postgresIdentityStore(pool), signer: signingKeys, now };
  otpRoutes(app, { otp, identity, gate });
  policyRoutes(app, { settings, policies, platform, now });
  sessionRoutes(app, { identity, signingKeys });
  memberRoutes(app, { identity });
  peopleRoutes(app, { identity, otpKeys });
  if (dependencies.operators)
    operatorRoutes(app, { signer: signingKeys, identities: dependencies.operators });
  templateRoutes(app, {
    pools: tenantPools,
    platform: platformAt(dependencies.publicHost),
    shapeOf: (tenantId, purpose) => policies.policyOf(tenantId).codes[purpose],
  });
  logRoutes(app, { pools: tenantPools, otpKeys, now });
  receiptRoutes(app, { write, otpKeys, subscriptions: dependencies.subscriptions, now });
  if (dependencies.outbox) outboxRoute(app, dependencies.outbox);
  return app;
}

function outboxRoute(app: FastifyInstance, outbox: NonNullable<OtpServiceDependencies['outbox']>): void {
  // In a URL typed by hand the `+` of a phone number stands for a space.
  serve(app, routes.outbox, ({ query }) => outbox.messagesTo(query.to.replace(/^ /, '+').toLowerCase()));
}
