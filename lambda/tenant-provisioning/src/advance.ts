import { loadConfig } from '@kyong/service-kit';
import { fillPool } from '@kyong/tenancy';
import { eventBridge } from '@kyong/tenancy/adapters/eventbridge';
import { createFleetMigrations } from '@kyong/tenancy/adapters/master-database';
import { createTenantSchema } from '@kyong/tenancy/adapters/tenant-migrations';
import type { Context } from 'aws-lambda';
import { z } from 'zod';
import { lambdaLogger, openMasterDatabase, sharedAdmin, tenancyPorts } from './composition.ts';
import { advanceConfig } from './config.ts';
import { createDriver, longestStepSecondsOf } from './driver.ts';
import { createMigrationDriver } from './migration-driver.ts';
import type { Turn } from './run-steps.ts';

const config = loadConfig(advanceConfig, process.env);
const logger = lambdaLogger('advance', config.KYO_LOG_LEVEL);
const pool = await openMasterDatabase(config, logger);
const ports = tenancyPorts(config, pool, longestStepSecondsOf(config));
const drive = createDriver({
  ports,
  pool,
  publisher: eventBridge({ busName: config.KYO_EVENT_BUS }),
  logger,
});
const migrate = createMigrationDriver(
  {
    store: createFleetMigrations(pool),
    hosts: ports.hosts,
    schema: createTenantSchema(() => sharedAdmin(config)),
    random: ports.random,
  },
  logger,
);

/** What the state machine sends. */
const turn = z.object({
  work: z.union([
    z.object({ operationId: z.uuid() }),
    z.object({ migrationId: z.uuid() }),
    z.object({ pool: z.literal('warm') }),
  ]),
  /** The execution: one that was cut off and comes back takes its own lease over at once. */
  execution: z.string().min(1),
});

/** The sweep asks for the next pass: one that does not work is not repeated. */
async function fill(): Promise<Turn> {
  await fillPool(ports, config.KYO_WARM_POOL, config.KYO_TENANCY_POLICY).catch((err: unknown) =>
    logger.warn({ err }, 'the warm pool could not be filled'),
  );
  return { status: 'done' };
}

/** One turn of the state machine. */
export const handler = (event: unknown, context: Context) => {
  const { work, execution } = turn.parse(event);
  if ('pool' in work) return fill();
  return 'operationId' in work
    ? drive(work.operationId, execution, context)
    : migrate(work.migrationId, execution, context);
};
