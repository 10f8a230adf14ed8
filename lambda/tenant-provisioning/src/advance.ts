import { loadConfig } from '@kyong/service-kit';
import { eventBridge } from '@kyong/tenancy/adapters/event-bridge';
import type { Context } from 'aws-lambda';
import { z } from 'zod';
import { lambdaLogger, openMasterDatabase, tenancyPorts } from './composition.ts';
import { advanceConfig } from './config.ts';
import { createDriver } from './driver.ts';

const config = loadConfig(advanceConfig, process.env);
const logger = lambdaLogger('advance', config.KYO_LOG_LEVEL);
const pool = await openMasterDatabase(config, logger);
const drive = createDriver({
  ports: tenancyPorts(config, pool),
  pool,
  publisher: eventBridge({ busName: config.KYO_EVENT_BUS }),
  logger,
});

/** What the state machine sends. */
const turn = z.object({
  operationId: z.uuid(),
  /** The execution: one that was cut off and comes back takes its own lease over at once. */
  execution: z.string().min(1),
});

/** One turn of the state machine that drives an operation. */
export const handler = (event: unknown, context: Context) => {
  const { operationId, execution } = turn.parse(event);
  return drive(operationId, execution, context);
};
