import { ECSClient } from '@aws-sdk/client-ecs';
import { confirmWrites } from '@kyong/redis';
import { accessTokenVerifier, loadConfigOrExit, onShutdown, remoteKeys } from '@kyong/service-kit';
import { verifyByLibsodium } from '@kyong/service-kit/libsodium';
import { openServiceResources } from '@kyong/service-kit/resources';
import { auditSecurityEvents, createLastEdits } from '@kyong/tenancy/adapters/master-database';
import { createApp } from './app.ts';
import { configSchema } from './config.ts';
import { whenTaskStops } from './task-stop.ts';

/** For what comes after the clients have moved; with `KYO_DRAIN_SECONDS` at most 90 (ECS `stopTimeout` allows 120). */
const flushSeconds = 15;
/** Clients begin to move within this: with the time that they take it is less than their target takes to drain. */
const askAboutTaskSeconds = 5;

const config = loadConfigOrExit(configSchema, process.env);
const resources = openServiceResources('collaboration-service', config);
const { logger, now, redis, pool, tenants } = resources;
const { app, drain } = createApp({
  logger,
  now,
  random: Math.random,
  redis,
  confirmed: confirmWrites(redis, config.KYO_REDIS_CONFIRMING_REPLICAS),
  tenantPools: tenants.pools,
  tenants: tenants.directory,
  endedAccess: tenants.endedAccess,
  keepSecurityEvent: auditSecurityEvents(pool),
  departures: { ...createLastEdits(pool), pools: tenants.leavingPools },
  verifyAccessToken: accessTokenVerifier({
    issuer: config.KYO_TOKEN_ISSUER,
    audience: config.KYO_TOKEN_AUDIENCE,
    keys: remoteKeys(config.KYO_JWKS_URL),
    verifySignature: verifyByLibsodium,
  }),
  metricsNamespace: config.KYO_METRICS_NAMESPACE,
  trustedProxies: config.KYO_TRUSTED_PROXIES,
});

const stopping = new AbortController();
onShutdown({ logger, deadlineSeconds: config.KYO_DRAIN_SECONDS + flushSeconds }, async () => {
  stopping.abort();
  await drain(config.KYO_DRAIN_SECONDS);
  await app.close();
  await resources.close();
});
await app.listen({ host: '0.0.0.0', port: config.KYO_PORT });
logger.info({ port: config.KYO_PORT }, 'listening');

if (config.ECS_CONTAINER_METADATA_URI_V4) {
  const stops = await whenTaskStops({
    metadataUri: config.ECS_CONTAINER_METADATA_URI_V4,
    ecs: new ECSClient({ region: config.KYO_AWS_REGION }),
    intervalSeconds: askAboutTaskSeconds,
    signal: stopping.signal,
    onError: (err) => logger.warn({ err }, 'ECS does not say whether this task stops'),
  });
  if (stops) {
    logger.info('moving sockets: this task is to stop');
    await drain(config.KYO_DRAIN_SECONDS);
  }
}
