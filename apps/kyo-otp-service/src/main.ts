import { awsIdentities } from '@kyong/identity/adapters/aws-identities';
import { loadSigningKeys } from '@kyong/identity/adapters/signing-keys';
import { OtpKeys } from '@kyong/otp';
import { SnsSubscriptions } from '@kyong/otp/adapters/sns-subscription';
import { turnstile } from '@kyong/otp/adapters/turnstile';
import { drain, loadConfigOrExit, onShutdown } from '@kyong/service-kit';
import { openServiceResources } from '@kyong/service-kit/resources';
import { createApp } from './app.ts';
import { configSchema } from './config.ts';
import { createDeliveryWorker } from './delivery.ts';
import { createLogRetention } from './log-retention.ts';
import { unfilledSecrets } from './provider-config.ts';
import { createSenders } from './providers.ts';

/** Longer than a delivery may take. Together with the drain it stays below the platform's own deadline (ECS `stopTimeout`). */
const closeWithinSeconds = 25;

const config = loadConfigOrExit(configSchema, process.env);
const resources = openServiceResources('kyo-otp-service', config);
const { logger, now, redis, pool, store, tenants } = resources;
const tokens = { issuer: config.KYO_TOKEN_ISSUER, audience: config.KYO_TOKEN_AUDIENCE };
const signingKeys = await loadSigningKeys(config.KYO_SIGNING_KEYS, { ...tokens, now });
const otpKeys = new OtpKeys(config.KYO_OTP_SECRET, config.KYO_OTP_PREVIOUS_SECRETS);
const tenantPools = tenants.pools;
for (const variable of unfilledSecrets(config)) logger.error({ alarm: 'secret_unfilled', variable }, 'alarm');
const publicHost = config.KYO_PUBLIC_URL === undefined ? undefined : new URL(config.KYO_PUBLIC_URL).hostname;
const receiptsTopic = config.KYO_AWS_RECEIPTS_TOPIC;
const senders = createSenders(config, { logger, now });
const app = createApp({
  logger,
  now,
  redis,
  confirmingReplicas: config.KYO_REDIS_CONFIRMING_REPLICAS,
  pool,
  tenantPools,
  otpKeys,
  signingKeys,
  tokens,
  operators: awsIdentities({
    url: config.AWS_ENDPOINT_URL ?? `https://sts.${config.KYO_AWS_REGION}.amazonaws.com`,
    audience: tokens.issuer,
    operators: config.KYO_OPERATORS,
  }),
  endedAccess: tenants.endedAccess,
  limitLoopback: true,
  publicHost,
  ...(receiptsTopic !== undefined && {
    subscriptions: new SnsSubscriptions({ topicArn: receiptsTopic, now }),
  }),
  trustedProxies: config.KYO_TRUSTED_PROXIES,
  testNumbers: new Map(Object.entries(config.KYO_OTP_TEST_NUMBERS)),
  ...(config.KYO_TURNSTILE_SECRET && { captcha: turnstile({ secret: config.KYO_TURNSTILE_SECRET }) }),
});
const worker = createDeliveryWorker({ logger, now, redis, tenantPools, otpKeys, senders, publicHost });
const retention = createLogRetention({ logger, now, tenantPools, store, days: config.KYO_OTP_LOG_DAYS });

onShutdown({ logger, deadlineSeconds: config.KYO_DRAIN_SECONDS + closeWithinSeconds }, async () => {
  await drain(app, config.KYO_DRAIN_SECONDS);
  await app.close();
  await Promise.all([worker.stop(), retention.stop()]);
  await resources.close();
});
worker.start();
retention.start();
await app.listen({ host: '0.0.0.0', port: config.KYO_PORT });
logger.info({ port: config.KYO_PORT }, 'listening');
