import { routes } from '@kyong/contracts';
import type { configSchema } from 'collaboration-service/config';
import { poolSizes } from '../constructs/connection-budget.ts';
import { databaseCertificates } from '../constructs/database-certificates.ts';
import { metricsNamespaceOf, secretsPrefixOf, tokensOf } from '../constructs/names.ts';
import { grantTenantDatabases } from '../constructs/tenant-database-access.ts';
import {
  confirmingReplicas,
  type ServiceContext,
  type ServiceDefinition,
  type ServiceVariables,
  trustedProxies,
  urlOf,
} from './definition.ts';

const name = 'collaboration-service';
/**
 * Over which clients move to other tasks. On a deployment they begin when ECS wants the task to stop, which is asked every 5 s, and
 * have moved before its target is drained (110 s), after which comes SIGTERM. When a host or Spot takes the task, SIGTERM comes
 * first, and the task has 120 s.
 */
const drainSeconds = 75;

/** Shared documents over sockets. */
export const collaboration: ServiceDefinition = {
  name,
  paths: ['/socket.io/*', '/api/collaboration/*'],
  priority: 100,
  cpuUnits: 512,
  memoryMebibytes: 1024,
  stopTimeoutSeconds: 120,
  sockets: {
    perTask: 2_000,
    metrics: {
      connected: 'ConnectedSockets',
      editLatency: 'FanOutMillisecondsP99',
      dimensions: { service: name },
    },
  },
  environment,
  grant: grantTenantDatabases,
};

function environment({ stage, data, cache }: ServiceContext): ServiceVariables<typeof configSchema> {
  return {
    ...tokensOf(stage),
    KYO_JWKS_URL: urlOf('kyo-otp-service', stage, routes.jwks.path),
    KYO_AWS_REGION: stage.region,
    KYO_REDIS_URL: cache.valkey.url,
    KYO_REDIS_LOGIN: cache.valkey.logins.collaboration.secret,
    KYO_REDIS_CONFIRMING_REPLICAS: confirmingReplicas(stage),
    KYO_MASTER_DATABASE_URL: data.master.url,
    KYO_MASTER_DATABASE_LOGIN: data.master.logins.collaboration,
    KYO_MASTER_DATABASE_CONNECTIONS: String(poolSizes.collaboration),
    KYO_DATABASE_CA: databaseCertificates(stage.region),
    KYO_SECRETS_PREFIX: secretsPrefixOf(stage),
    KYO_TRUSTED_PROXIES: String(trustedProxies),
    KYO_METRICS_NAMESPACE: metricsNamespaceOf(stage),
    KYO_DRAIN_SECONDS: String(drainSeconds),
  };
}
