import { ECSClient } from '@aws-sdk/client-ecs';
import { createPool } from '@kyong/postgres';
import { confirmWrites, connectRedis } from '@kyong/redis';
import {
  accessTokenVerifier,
  createLogger,
  loadConfigOrExit,
  onShutdown,
  remoteKeys,
  withLogin,
} from '@kyong/service-kit';
import { verifyByLibsodium } from '@kyong/service-kit/libsodium';
import {
  auditSecurityEvents,
  createLastEdits,
  createMasterDatabase,
} from '@kyong/tenancy/adapters/master-database';
import { secretsManager } from '@kyong/tenancy/adapters/secrets-manager';
import { openTenantAccess } from '@kyong/tenancy/adapters/tenant-access';
import { createApp } from './app.ts';
import { configSchema } from './config.ts';
import { whenTaskStops } from './task-stop.ts';

const idleTimeoutSeconds = 30;
/** For what comes after the clients have moved; with `KYO_DRAIN_SECONDS` at most 90 (ECS `stopTimeout` allows 120). */
const flushSeconds = 15;
/** Clients begin to move within this: with the time that they take it is less than their target takes to drain. */
const askAboutTaskSeconds = 5;

const config = loadConfigOrExit(configSchema, process.env);
const logger = createLogger({ service: 'collaboration-service', level: config.KYO_LOG_LEVEL });
const now = () => new Date();
const onRedisError = (err: Error) => logger.warn({ err }, 'redis connection disturbed');
const redis = connectRedis({ ...config.KYO_REDIS_URL, ...config.KYO_REDIS_LOGIN }, onRedisError);
const writing = connectRedis({ ...config.KYO_REDIS_URL, ...config.KYO_REDIS_LOGIN }, onRedisError);
/** The same authority signs the certificates of all our databases. */
const ssl = config.KYO_DATABASE_CA !== undefined && { ssl: { ca: config.KYO_DATABASE_CA } };
const master = {
  connectionString: withLogin(config.KYO_MASTER_DATABASE_URL, config.KYO_MASTER_DATABASE_LOGIN),
  ...ssl,
};
const pool = createPool(
  master,
  { maxConnections: config.KYO_MASTER_DATABASE_CONNECTIONS, idleTimeoutSeconds },
  (err) => logger.warn({ err }, 'database connection disturbed'),
);
const tenants = openTenantAccess({
  store: createMasterDatabase(pool),
  secrets: secretsManager({ region: config.KYO_AWS_REGION, prefix: config.KYO_SECRETS_PREFIX }),
  master,
  ...ssl,
  now,
  onError: (err) => logger.warn({ err }, 'tenant database connection disturbed'),
});
const { app, drain } = createApp({
  logger,
  now,
  random: Math.random,
  redis,
  confirmed: confirmWrites(writing, config.KYO_REDIS_CONFIRMING_REPLICAS),
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
  await tenants.close();
  redis.disconnect();
  writing.disconnect();
  await pool.end();
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
