import { loadConfig } from '@kyong/service-kit';
import { relayEvents } from '@kyong/tenancy';
import { eventBridge } from '@kyong/tenancy/adapters/event-bridge';
import { createEventOutbox, createMasterDatabase } from '@kyong/tenancy/adapters/master-database';
import { lambdaLogger, openMasterDatabase } from './composition.ts';
import { sweepConfig } from './config.ts';
import { activeTenantsMetric } from './metrics.ts';
import { stateMachine } from './state-machine.ts';
import { sweepExecutionName } from './sweep-execution-name.ts';

const config = loadConfig(sweepConfig, process.env);
const logger = lambdaLogger('sweep', config.KYO_LOG_LEVEL);
const pool = await openMasterDatabase(config, logger);
const store = createMasterDatabase(pool);
const outbox = createEventOutbox(pool);
const publisher = eventBridge({ busName: config.KYO_EVENT_BUS });
const start = stateMachine(config.KYO_STATE_MACHINE);

/** An operation whose time came this long ago has lost its driver: one that is alive comes back within seconds. */
const overdueSeconds = 120;
const maxStarts = 200;
/** More events than a minute brings; what is left waits for the next. */
const maxBatches = 50;

/** Every minute: gives a driver to operations that have none, relays what is still in the outbox, counts the tenants. */
export const handler = async (): Promise<void> => {
  // A name nobody bears: the sweep itself holds no lease.
  const overdue = await store.findDueOperations('sweep', maxStarts, overdueSeconds);
  for (const operationId of overdue) await start(operationId, sweepExecutionName(operationId, new Date()));
  if (overdue.length > 0) logger.warn({ overdue }, 'operations had no driver and were given one');
  for (let batch = 0; batch < maxBatches; batch += 1) {
    const published = await relayEvents(outbox, publisher, Math.random, (err, { eventId }) =>
      logger.warn({ err, eventId }, 'an event was not taken over'),
    );
    if (published === 0) break;
  }
  logger.info(activeTenantsMetric(await store.countTenants('active'), new Date()), 'swept');
};
