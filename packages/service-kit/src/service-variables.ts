import { z } from 'zod';
import { login } from './config.ts';

/** The environment that every service has. A service spreads these into its own schema, and replaces those it knows better. */
export const serviceVariables = {
  KYO_PORT: z.coerce.number().int().min(1).max(65_535).default(3000),
  KYO_LOG_LEVEL: z.enum(['debug', 'info', 'warn', 'error']).default('info'),
  /** How long a load balancer has to notice that this process ends: the interval of its health checks times their number. */
  KYO_DRAIN_SECONDS: z.coerce.number().int().min(0).max(90).default(10),
  KYO_AWS_REGION: z.string().regex(/^[a-z]{2}(-[a-z]+)+-\d$/, 'must be an AWS region'),
  KYO_REDIS_URL: z.url({ protocol: /^rediss?$/ }),
  /** Unless it is in the URL. */
  KYO_REDIS_LOGIN: login.optional(),
  /** Replicas that confirm a write before it is answered for. 0 where there are no replicas, or no write would end. */
  KYO_REDIS_CONFIRMING_REPLICAS: z.coerce.number().int().min(0).max(5).default(1),
  KYO_MASTER_DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/ }),
  /** Unless it is in the URL. */
  KYO_MASTER_DATABASE_LOGIN: login.optional(),
  KYO_MASTER_DATABASE_CONNECTIONS: z.coerce.number().int().min(1).max(200).default(5),
  /** Certificates (PEM) of the authority that signs those of the databases; without it a connection is not encrypted. */
  KYO_DATABASE_CA: z.string().startsWith('-----BEGIN CERTIFICATE-----').optional(),
  /** The prefix of the names of the platform's secrets in Secrets Manager. */
  KYO_SECRETS_PREFIX: z
    .string()
    .regex(/^[\w/+=.@-]+$/, 'must be a prefix of secret names')
    .default('kyo/'),
  KYO_TOKEN_ISSUER: z.url(),
  KYO_TOKEN_AUDIENCE: z.string().min(1),
  /** Proxies in front whose word about the caller's address counts. */
  KYO_TRUSTED_PROXIES: z.coerce.number().int().min(0).max(5).default(0),
};

/** Those variables as a service's schema has parsed them. */
export type ServiceConfig = z.output<z.ZodObject<typeof serviceVariables>>;
