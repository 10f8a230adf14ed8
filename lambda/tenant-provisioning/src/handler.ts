import { loadConfig } from '@kyong/service-kit';
import { createMasterDatabase } from '@kyong/tenancy/adapters/master-database';
import { createApi } from './api.ts';
import { lambdaLogger, openMasterDatabase } from './composition.ts';
import { apiConfig } from './config.ts';
import { stateMachine } from './state-machine.ts';

const config = loadConfig(apiConfig, process.env);
const logger = lambdaLogger('api', config.KYO_LOG_LEVEL);

/** The control plane's API, behind API Gateway. */
export const handler = createApi({
  store: createMasterDatabase(await openMasterDatabase(config, logger)),
  policy: config.KYO_TENANCY_POLICY,
  startOperation: stateMachine(config.KYO_STATE_MACHINE),
  logger,
});
