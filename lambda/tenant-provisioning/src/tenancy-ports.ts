import { EC2Client } from '@aws-sdk/client-ec2';
import { RDSClient } from '@aws-sdk/client-rds';
import { S3Client } from '@aws-sdk/client-s3';
import type { Pool } from '@kyong/postgres';
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
import type { z } from 'zod';
import { certificatesOf, readCredentials, secrets } from './composition.ts';
import { type advanceConfig, exportsFolder } from './config.ts';

type TenancyConfig = z.output<typeof advanceConfig>;

const deletion = { pollSeconds: 10, waitAtMostSeconds: 120 };

/** Everything the steps of operations need, ways into databases of tenants among it; `longestStepSeconds` is what one has. */
export function tenancyPorts(config: TenancyConfig, pool: Pool, longestStepSeconds: number): Ports {
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
      prefix: exportsFolder,
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
