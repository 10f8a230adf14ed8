import { RDSClient } from '@aws-sdk/client-rds';
import { S3Client } from '@aws-sdk/client-s3';
import { loadConfig } from '@kyong/service-kit';
import {
  createFleetMigrations,
  createInspections,
  createMasterDatabase,
} from '@kyong/tenancy/adapters/master-database';
import { rdsBackups } from '@kyong/tenancy/adapters/rds';
import { s3Archives } from '@kyong/tenancy/adapters/s3-archives';
import { newestTenantVersion } from '@kyong/tenancy/adapters/tenant-migrations';
import { createApi } from './api.ts';
import { lambdaLogger, openMasterDatabase } from './composition.ts';
import { apiConfig, exportsFolder } from './config.ts';
import { viewerAddress } from './source-address.ts';
import { answersInTime, stateMachine } from './state-machine.ts';

const config = loadConfig(apiConfig, process.env);
const logger = lambdaLogger('api', config.KYO_LOG_LEVEL);
const pool = openMasterDatabase(config, logger);
const store = createMasterDatabase(pool);
const backups = rdsBackups(new RDSClient(answersInTime));
const start = stateMachine(config.KYO_STATE_MACHINE);

/** RDS takes the first one when an instance is available, and is done within minutes. */
const firstBackupSeconds = 300;

/**
 * The control plane's API, behind API Gateway. It faces the Internet: it reads and writes the master database, and what has to
 * be done to databases of tenants, or looked at in them, it has the driver of operations do.
 */
export const handler = createApi({
  store,
  addressOf: viewerAddress,
  archives: s3Archives({
    s3: new S3Client(answersInTime),
    bucket: config.KYO_FILES_BUCKET,
    prefix: exportsFolder,
  }),
  hosts: { dedicated: backups, shared: backups },
  firstBackupSeconds,
  policy: config.KYO_TENANCY_POLICY,
  now: () => new Date(),
  startOperation: (operationId) => start({ operationId }),
  inspection: {
    inspections: createInspections(pool),
    startInspection: (inspectionId) => start({ inspectionId }),
    logger,
  },
  fleet: {
    store,
    migrations: createFleetMigrations(pool),
    schema: { newestVersion: newestTenantVersion() },
    policy: config.KYO_TENANCY_POLICY,
    startMigration: (migrationId) => start({ migrationId }),
    logger,
  },
  logger,
});
