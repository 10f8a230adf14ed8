import { loadConfig } from '@kyong/service-kit';
import { createFleetMigrations } from '@kyong/tenancy/adapters/master-database';
import { createTenantSchema } from '@kyong/tenancy/adapters/tenant-migrations';
import { createApi } from './api.ts';
import { lambdaLogger, openMasterDatabase, sharedAdmin, tenancyPorts } from './composition.ts';
import { apiConfig } from './config.ts';
import { stateMachine } from './state-machine.ts';

const config = loadConfig(apiConfig, process.env);
const logger = lambdaLogger('api', config.KYO_LOG_LEVEL);
const pool = await openMasterDatabase(config, logger);
const ports = tenancyPorts(config, pool);
const { store, hosts, archives, now } = ports;
const start = stateMachine(config.KYO_STATE_MACHINE);

/** A quota that is this full is shown as one to raise. */
const quotaWarningShare = 0.8;

/** The control plane's API, behind API Gateway. */
export const handler = createApi({
  store,
  archives,
  hosts,
  policy: config.KYO_TENANCY_POLICY,
  now,
  startOperation: (operationId) => start({ operationId }),
  doctor: { ports, removes: false },
  fleet: {
    store,
    migrations: createFleetMigrations(pool),
    schema: createTenantSchema(() => sharedAdmin(config)),
    hosts,
    policy: config.KYO_TENANCY_POLICY,
    quotaShares: { refuse: config.KYO_QUOTA_SHARE, warn: quotaWarningShare },
    startMigration: (migrationId) => start({ migrationId }),
    logger,
  },
  logger,
});
