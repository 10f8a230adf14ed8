import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { loadConfig, metricLine } from '@kyong/service-kit';
import { relayEvents, requestScheduled } from '@kyong/tenancy';
import { busiestServer } from '@kyong/tenancy/adapters/busiest-server';
import { eventBridge } from '@kyong/tenancy/adapters/eventbridge';
import {
  createEventOutbox,
  createFleetMigrations,
  createMasterDatabase,
} from '@kyong/tenancy/adapters/master-database';
import { lambdaLogger, openMasterDatabase } from './composition.ts';
import { sweepConfig } from './config.ts';
import { idOf, stateMachine, type Work } from './state-machine.ts';
import { sweepExecutionName } from './sweep-execution-name.ts';

const config = loadConfig(sweepConfig, process.env);
const logger = lambdaLogger('sweep', config.KYO_LOG_LEVEL);
const pool = openMasterDatabase(config, logger);
const store = createMasterDatabase(pool);
const migrations = createFleetMigrations(pool);
const outbox = createEventOutbox(pool);
const publisher = eventBridge({ busName: config.KYO_EVENT_BUS });
const cloudWatch = new CloudWatchClient();
const start = stateMachine(config.KYO_STATE_MACHINE);

/** An operation whose time came this long ago has lost its driver: one that is alive comes back within seconds. */
const overdueSeconds = 120;
const maxStarts = 200;
/** More events than a minute brings; what is left waits for the next. */
const maxBatches = 50;

/** UTC: Tokyo's early morning, when backups are over. */
const snapshotsHour = 20;
/** How often servers are looked at: each look costs as much as there are servers. */
const lookMinutes = 15;

/** A name nobody bears: the sweep itself holds no lease. */
const owner = 'sweep';

/**
 * Every minute: asks for what is due by the calendar, gives a driver to whatever has none, has the warm pool looked after,
 * forgets what is over, relays what is still in the outbox, counts the tenants, and now and then looks how busy their servers are.
 */
export const handler = async (): Promise<void> => {
  const now = new Date();
  const asked = await requestScheduled(store, config.KYO_LIFECYCLE, now);
  for (const operationId of asked) await start({ operationId });

  const [operations, migrationIds] = await Promise.all([
    store.findDueOperations(owner, maxStarts, overdueSeconds),
    migrations.findDueMigrations(owner),
  ]);
  const overdue: Work[] = [
    ...operations.map((operationId) => ({ operationId })),
    ...migrationIds.map((migrationId) => ({ migrationId })),
  ];
  for (const work of overdue) await start(work, sweepExecutionName(idOf(work), now));
  if (overdue.length > 0) logger.warn({ overdue }, 'these had no driver and were given one');

  const wanted = Object.values(config.KYO_WARM_POOL).some((size) => size > 0);
  // Nothing to fill, and nothing that is wanted no more.
  if (wanted || (await store.findWarmDatabases()).length > 0) {
    const work: Work = { pool: 'warm' };
    await start(work, sweepExecutionName(idOf(work), now));
  }

  // Once a day: the name is used up. For an hour, so that a sweep that fails is followed by another.
  if (now.getUTCHours() === snapshotsHour)
    await start({ snapshots: 'final' }, `final-snapshots-${now.toISOString().slice(0, 10)}`);

  const forgotten = await store.forgetWhatIsOver();
  if (Object.keys(forgotten).length > 0) logger.info({ forgotten }, 'what is over was forgotten');

  for (let batch = 0; batch < maxBatches; batch += 1) {
    const published = await relayEvents(outbox, publisher, Math.random, (err, { eventId }) =>
      logger.warn({ err, eventId }, 'an event was not taken over'),
    );
    if (published === 0) break;
  }
  const active = await store.countTenants('active');
  const namespace = config.KYO_METRICS_NAMESPACE;
  logger.info(metricLine({ ActiveTenants: [active, 'Count'] }, { namespace, now }), 'swept');
  if (now.getUTCMinutes() % lookMinutes === 0) await lookAtServers(now);
};

/** A sweep is none the worse for not knowing; that it never knows is an alarm (`BusiestServer`). */
async function lookAtServers(now: Date): Promise<void> {
  try {
    const server = await busiestServer(cloudWatch, config.KYO_STAGE, now);
    const namespace = config.KYO_METRICS_NAMESPACE;
    const metric = metricLine({ BusiestServer: [server?.percent ?? 0, 'Percent'] }, { namespace, now });
    logger.info({ ...metric, server: server?.name }, 'looked at servers');
  } catch (err) {
    logger.warn({ err }, 'servers could not be looked at');
  }
}
