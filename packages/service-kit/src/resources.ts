import { createPool } from '@kyong/postgres';
import { connectRedis, redisConnectionOf } from '@kyong/redis';
import { createMasterDatabase } from '@kyong/tenancy/adapters/master-database';
import { secretsManager } from '@kyong/tenancy/adapters/secrets-manager';
import { openTenantAccess } from '@kyong/tenancy/adapters/tenant-access';
import { withLogin } from './config.ts';
import { createLogger } from './logger.ts';
import type { ServiceConfig } from './service-variables.ts';

/** A connection of the pool that no request uses is closed after this time. */
const idleTimeoutSeconds = 30;

/** Opens what a service on AWS works with, under the logins in its environment. Nothing is awaited: connections come up by themselves. */
export function openServiceResources(service: string, config: ServiceConfig) {
  const logger = createLogger({ service, level: config.KYO_LOG_LEVEL });
  const now = () => new Date();
  const redis = connectRedis(
    { ...redisConnectionOf(config.KYO_REDIS_URL), ...config.KYO_REDIS_LOGIN },
    (err) => logger.warn({ err }, 'redis connection error'),
  );
  /** One authority signs the certificates of all databases of the platform. */
  const ssl = config.KYO_DATABASE_CA !== undefined && { ssl: { ca: config.KYO_DATABASE_CA } };
  const master = {
    connectionString: withLogin(config.KYO_MASTER_DATABASE_URL, config.KYO_MASTER_DATABASE_LOGIN),
    ...ssl,
  };
  const pool = createPool(
    master,
    { maxConnections: config.KYO_MASTER_DATABASE_CONNECTIONS, idleTimeoutSeconds },
    (err) => logger.warn({ err }, 'master database connection error'),
  );
  const store = createMasterDatabase(pool);
  const tenants = openTenantAccess({
    store,
    secrets: secretsManager({ region: config.KYO_AWS_REGION, prefix: config.KYO_SECRETS_PREFIX }),
    master,
    ...ssl,
    now,
    onError: (err) => logger.warn({ err }, 'tenant database connection error'),
  });
  return {
    ...{ logger, now, redis, pool, store, tenants },
    /** To be called when no request uses them any more. */
    async close(): Promise<void> {
      await tenants.close();
      redis.disconnect();
      await pool.end();
    },
  };
}
