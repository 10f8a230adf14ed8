import { loadConfig } from '@kyong/service-kit';
import { endFinalSnapshots, fillPool, inspect } from '@kyong/tenancy';
import { eventBridge } from '@kyong/tenancy/adapters/eventbridge';
import { createFleetMigrations, createInspections } from '@kyong/tenancy/adapters/master-database';
import { createTenantSchema } from '@kyong/tenancy/adapters/tenant-migrations';
import type { Context } from 'aws-lambda';
import { z } from 'zod';
import { lambdaLogger, openMasterDatabase } from './composition.ts';
import { advanceConfig } from './config.ts';
import { createDriver, longestStepSecondsOf } from './driver.ts';
import { createMigrationDriver } from './migration-driver.ts';
import type { Turn } from './run-steps.ts';
import { sharedAdmin, tenancyPorts } from './tenancy-ports.ts';

const config = loadConfig(advanceConfig, process.env);
const logger = lambdaLogger('advance', config.KYO_LOG_LEVEL);
const pool = openMasterDatabase(config, logger);
const ports = tenancyPorts(config, pool, longestStepSecondsOf(config));
const drive = createDriver({
  ports,
  pool,
  publisher: eventBridge({ busName: config.KYO_EVENT_BUS }),
  logger,
});
const schema = createTenantSchema(() => sharedAdmin(config));
const migrate = createMigrationDriver(
  {
    store: createFleetMigrations(pool),
    hosts: ports.hosts,
    schema,
    random: ports.random,
  },
  logger,
);

/** A quota that is this full is shown as one to raise. */
const quotaWarningShare = 0.8;
const inspection = {
  inspections: createInspections(pool),
  ports,
  schema,
  quotaShares: { refuse: config.KYO_QUOTA_SHARE, warn: quotaWarningShare },
  onError: (err: unknown) => logger.warn({ err }, 'an inspection failed'),
};

/** What the state machine sends. */
const turn = z.object({
  work: z.union([
    z.object({ operationId: z.uuid() }),
    z.object({ migrationId: z.uuid() }),
    z.object({ inspectionId: z.uuid() }),
    z.object({ pool: z.literal('warm') }),
    z.object({ snapshots: z.literal('final') }),
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

async function look(inspectionId: string): Promise<Turn> {
  await inspect(inspectionId, inspection);
  return { status: 'done' };
}

/** The sweep asks again tomorrow. */
async function endSnapshots(): Promise<Turn> {
  const ended = await endFinalSnapshots(ports);
  if (ended.length > 0)
    logger.info({ ended }, 'the last snapshots of these servers have been kept for long enough');
  return { status: 'done' };
}

/** One turn of the state machine. */
export const handler = (event: unknown, context: Context) => {
  const { work, execution } = turn.parse(event);
  if ('pool' in work) return fill();
  if ('inspectionId' in work) return look(work.inspectionId);
  if ('snapshots' in work) return endSnapshots();
  return 'operationId' in work
    ? drive(work.operationId, execution, context)
    : migrate(work.migrationId, execution, context);
};
