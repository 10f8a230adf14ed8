import { loadConfig } from '@kyong/service-kit';
import { eventBridge } from '@kyong/tenancy/adapters/eventbridge';
import { createMasterDatabase } from '@kyong/tenancy/adapters/master-database';
import type { Context } from 'aws-lambda';
import { z } from 'zod';
import { lambdaLogger, openMasterDatabase } from './composition.ts';
import { advanceConfig } from './config.ts';
import { createDriver, longestStepSecondsOf } from './driver.ts';
import { tenancyPorts } from './tenancy-ports.ts';

const config = loadConfig(advanceConfig, process.env);
const logger = lambdaLogger('instance-event', config.KYO_LOG_LEVEL);
const pool = openMasterDatabase(config, logger);
const store = createMasterDatabase(pool);
const drive = createDriver({
  ports: tenancyPorts(config, pool, longestStepSecondsOf(config)),
  pool,
  publisher: eventBridge({ busName: config.KYO_EVENT_BUS }),
  logger,
});

/** Amazon RDS event categories and event messages, Amazon RDS User Guide. */
const instanceEvent = z.object({ id: z.string(), detail: z.object({ SourceIdentifier: z.string() }) });

/**
 * Something happened to a database instance: whoever waits for it looks now. Delivery is best effort, so this only makes
 * operations come back sooner; it is their own polling that decides.
 */
export const handler = async (event: unknown, context: Context): Promise<void> => {
  const { id, detail } = instanceEvent.parse(event);
  for (const operationId of await store.findOperationsOnInstance(detail.SourceIdentifier)) {
    await drive(operationId, id, context);
  }
};
