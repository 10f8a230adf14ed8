import { redisConnectionOf } from '@kyong/redis';
import { login } from '@kyong/service-kit';
import { z } from 'zod';

/** The environment of this service. */
export const configSchema = z.object({
  KYO_PORT: z.coerce.number().int().min(1).max(65_535).default(3000),
  KYO_LOG_LEVEL: z.enum(['debug', 'info', 'warn', 'error']).default('info'),
  KYO_AWS_REGION: z.string().regex(/^[a-z]{2}(-[a-z]+)+-\d$/, 'is no AWS region'),
  KYO_REDIS_URL: z.url({ protocol: /^rediss?$/ }).transform(redisConnectionOf),
  /** Unless it is in the URL. */
  KYO_REDIS_LOGIN: login.optional(),
  /** How many replicas have an edit before it is acknowledged: 1 where every primary has one, so that failovers lose none. */
  KYO_REDIS_CONFIRMING_REPLICAS: z.coerce.number().int().min(0).max(5).default(1),
  KYO_MASTER_DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/ }),
  /** Unless it is in the URL. */
  KYO_MASTER_DATABASE_LOGIN: login.optional(),
  /** It is asked where tenants' databases are, and little else. */
  KYO_MASTER_DATABASE_CONNECTIONS: z.coerce.number().int().min(1).max(200).default(3),
  /** Certificates of the authority that signs those of the databases (PEM); without it a connection is in the clear. */
  KYO_DATABASE_CA: z.string().startsWith('-----BEGIN CERTIFICATE-----').optional(),
  /** What the names of our secrets in Secrets Manager begin with. */
  KYO_SECRETS_PREFIX: z
    .string()
    .regex(/^[\w/+=.@-]+$/, 'is no beginning of a name of a secret')
    .default('kyo/'),
  KYO_TOKEN_ISSUER: z.url(),
  KYO_TOKEN_AUDIENCE: z.string().min(1),
  /** Where the public keys of access tokens are: `/.well-known/jwks.json` of kyo-otp-service. */
  KYO_JWKS_URL: z.url({ protocol: /^https?$/ }),
  KYO_TRUSTED_PROXIES: z.coerce.number().int().min(0).max(5).default(0),
  /** Under which its metrics are found in CloudWatch. */
  KYO_METRICS_NAMESPACE: z.string().min(1).optional(),
  /** Set by ECS: where a container asks about its task. */
  ECS_CONTAINER_METADATA_URI_V4: z.url().optional(),
  /** Over which clients move to other servers when this one stops. */
  KYO_DRAIN_SECONDS: z.coerce.number().int().min(0).max(75).default(60),
});
export type Config = z.infer<typeof configSchema>;
