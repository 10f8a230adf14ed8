import { plan } from '@kyong/contracts';
import { json } from '@kyong/service-kit';
import { programs } from '@kyong/tenancy/adapters/master-database';
import { z } from 'zod';

const text = z.string().min(1);
const port = z.coerce.number().int().min(1).max(65_535);
const logLevel = z.enum(['debug', 'info', 'warn', 'error']).default('info');

const common = {
  KYO_LOG_LEVEL: logLevel,
  /** Lambda sets it. */
  AWS_REGION: text,
};

const masterEndpoint = {
  KYO_MASTER_DATABASE_HOST: text,
  KYO_MASTER_DATABASE_PORT: port,
  KYO_MASTER_DATABASE_NAME: text,
  /** Certificates (PEM) that the servers' are signed with; those of Amazon RDS when absent. */
  KYO_DATABASE_CA: z.string().startsWith('-----BEGIN CERTIFICATE-----').optional(),
};

const masterDatabase = {
  ...masterEndpoint,
  /** The secret with the function's login: JSON with `username` and `password`. */
  KYO_MASTER_DATABASE_SECRET: text,
  /** Most that one instance opens. */
  KYO_MASTER_DATABASE_CONNECTIONS: z.coerce.number().int().min(1),
};

const driver = { KYO_STATE_MACHINE: text };
const events = { KYO_EVENT_BUS: text };

const policy = z.object({
  regions: z.tuple([text], text),
  selfServicePlans: z.array(plan),
  maxTenantsPerOwner: z.int().positive().nullable(),
  maxSelfServiceServersPerDay: z.int().positive().nullable(),
  dedicatedOnly: z.boolean(),
});

const lifecycle = z.object({
  secretGraceSeconds: z.number().positive(),
  secretMaxAgeDays: z.number().positive().nullable(),
  offboardGraceSeconds: z.number().positive(),
  keepPreviousSeconds: z.number().positive(),
  finalSnapshotDays: z.number().positive().nullable(),
});

/** Of the plans that have any: how many databases are kept ready for the next tenants. */
const warmPool = z.partialRecord(plan, z.int().min(0));

/** The environment of what verifies access tokens. */
export const authorizerConfig = z.object({
  KYO_TOKEN_KEYS_URL: z.url(),
  KYO_TOKEN_ISSUER: z.url(),
  KYO_TOKEN_AUDIENCE: text,
});

/** Of the bucket of the tenants' files. */
export const exportsFolder = 'exports/';
const exports = { KYO_FILES_BUCKET: text };

/** Where tenants' databases, secrets and exports are, and how they are made. */
const tenancy = {
  ...exports,
  /** Part of the names and tags of everything it creates. */
  KYO_STAGE: text,
  KYO_SECRETS_PREFIX: text,
  /** The platform's key, by its ARN. */
  KYO_KMS_KEY: text,
  KYO_POSTGRES_MAJOR_VERSION: z.coerce.number().int().min(15),
  KYO_DATABASE_SUBNET_GROUP: text,
  KYO_DATABASE_SECURITY_GROUP: text,
  KYO_DATABASE_PARAMETER_GROUP: text,
  KYO_DATABASE_CA_IDENTIFIER: text,
  /** How much of an account's quota the platform uses at most, from 0 to 1. */
  KYO_QUOTA_SHARE: z.coerce.number().gt(0).max(1),
  KYO_SHARED_INSTANCE: text,
  KYO_SHARED_DATABASE_HOST: text,
  KYO_SHARED_DATABASE_PORT: port,
  /** The secret of its master user: JSON with `username` and `password`. */
  KYO_SHARED_DATABASE_SECRET: text,
  KYO_SHARED_MAX_DATABASES: z.coerce.number().int().positive(),
  /** A JSON object, see `Lifecycle`. */
  KYO_LIFECYCLE: json.pipe(lifecycle),
};

/** The environment of the API, which faces the Internet: no way into a database but the master database. */
export const apiConfig = z.object({
  ...common,
  ...masterDatabase,
  ...exports,
  ...driver,
  /** A JSON object, see `TenancyPolicy`. */
  KYO_TENANCY_POLICY: json.pipe(policy),
});

/** The environment of what runs the steps of operations. */
export const advanceConfig = z.object({
  ...common,
  ...masterDatabase,
  ...tenancy,
  ...events,
  /** JSON objects, see `TenancyPolicy` and `WarmPoolSizes`. */
  KYO_TENANCY_POLICY: json.pipe(policy),
  KYO_WARM_POOL: json.pipe(warmPool),
  /** After which Lambda ends the function. */
  KYO_FUNCTION_SECONDS: z.coerce.number().int().min(120).max(900),
});

/** The environment of the scheduled sweep. */
export const sweepConfig = z.object({
  ...common,
  ...masterDatabase,
  ...driver,
  ...events,
  KYO_STAGE: text,
  KYO_METRICS_NAMESPACE: text,
  KYO_LIFECYCLE: json.pipe(lifecycle),
  KYO_WARM_POOL: json.pipe(warmPool),
});

/** The environment of what makes the master database ready for a release. */
export const prepareConfig = z.object({
  ...common,
  ...masterEndpoint,
  /** The secret of the instance's master user: JSON with `username` and `password`. */
  KYO_MASTER_DATABASE_ADMIN_SECRET: text,
  /** By program: the secret with its login, and how many connections it may have. */
  KYO_MASTER_DATABASE_LOGINS: json.pipe(
    z.record(z.enum(programs), z.object({ secret: text, connectionLimit: z.int().positive() })),
  ),
  /** Where the keys that sign access tokens are kept; filled when it holds none. */
  KYO_SIGNING_KEYS_SECRET: text,
});
