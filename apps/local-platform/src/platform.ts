import { existsSync, renameSync, statSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import type { OperationKind } from '@kyong/contracts';
import { ServerError, waitFor } from '@kyong/embedded-servers';
import { operatorToken } from '@kyong/identity';
import { RedisOutbox } from '@kyong/otp/adapters/redis';
import { withConnection } from '@kyong/postgres';
import { confirmWrites, connectRedis } from '@kyong/redis';
import {
  accessTokenVerifier,
  checkHealth,
  createLogger,
  type HealthCheck,
  type Logger,
  remoteKeys,
} from '@kyong/service-kit';
import { verifyByLibsodium } from '@kyong/service-kit/libsodium';
import {
  advance,
  defaultRetry,
  type EventPublisher,
  type FleetMigrationStore,
  fillPool,
  inspect,
  type Lifecycle,
  type Ports,
  type QuotaShares,
  relayEvents,
  requestScheduled,
  type TenancyPolicy,
} from '@kyong/tenancy';
import { localArchives } from '@kyong/tenancy/adapters/local-archives';
import { localPostgres, tenantServerSettings } from '@kyong/tenancy/adapters/local-postgres';
import { localSecrets } from '@kyong/tenancy/adapters/local-secrets';
import { logicalReplication } from '@kyong/tenancy/adapters/logical-replication';
import {
  auditSecurityEvents,
  createEventOutbox,
  createFleetMigrations,
  createInspections,
  createLastEdits,
  createMasterDatabase,
} from '@kyong/tenancy/adapters/master-database';
import { sharedPostgres } from '@kyong/tenancy/adapters/shared-postgres';
import { openTenantAccess } from '@kyong/tenancy/adapters/tenant-access';
import { createTenantSchema } from '@kyong/tenancy/adapters/tenant-migrations';
import { tenantDatabase } from '@kyong/tenancy/adapters/tenant-schema';
import { webhook } from '@kyong/tenancy/adapters/webhook';
import { apiRoutes, createApi } from '@kyong/tenant-provisioning/api';
import { createAuthorizer } from '@kyong/tenant-provisioning/authorize';
import { peerAddress } from '@kyong/tenant-provisioning/source-address';
import { createApp as createCollaborationService } from 'collaboration-service';
import { createLocalJWKSet } from 'jose';
import { createApp as createOtpService } from 'kyo-otp-service';
import { createDeliveryWorker } from 'kyo-otp-service/delivery';
import { createLogRetention } from 'kyo-otp-service/log-retention';
import { createApiGateway } from './api-gateway.ts';
import { type DataDirectory, openDataDirectory, writeAtomically } from './data-directory.ts';
import { DiskSpace } from './disk-space.ts';
import { createExports, exportsPath } from './exports.ts';
import { createGateway } from './gateway.ts';
import { lockInstance } from './instance-lock.ts';
import { ensureKeys, tokens } from './keys.ts';
import { LogFile } from './log-file.ts';
import { openMasterDatabase } from './master-database.ts';
import { createMigrationDriver } from './migration-driver.ts';
import { OperationDriver } from './operation-driver.ts';
import type { PlatformOptions } from './options.ts';
import { createPages } from './pages.ts';
import type { Progress } from './progress.ts';
import { refuseWithoutRoom } from './refuse-without-room.ts';
import { repeat } from './repeat.ts';
import { startServers } from './servers.ts';
import { ensureTenantServers } from './tenant-servers.ts';

/** The laptop's values of what a stage decides. */
const policy: TenancyPolicy = {
  regions: ['ap-northeast-1'],
  selfServicePlans: ['free', 'basic', 'premium', 'enterprise'],
  maxTenantsPerOwner: null,
  maxSelfServiceServersPerDay: null,
  dedicatedOnly: false,
};
const lifecycle: Omit<Lifecycle, 'offboardGraceSeconds'> = {
  secretGraceSeconds: 15,
  secretMaxAgeDays: null,
  keepPreviousSeconds: 7 * 86_400,
  finalSnapshotDays: null,
};
const quotaShares: QuotaShares = { refuse: 1, warn: 0.8 };
const maxDedicatedServers = 100;
/** The data directory has one platform at a time: whatever this name holds is ours to go on with. */
const driverName = 'laptop';
const leaseSeconds = 30;
const sweepSeconds = 5;
const superviseSeconds = 5;
/** How soon a new tenant's first base backup is taken; whether others are due costs a look into their folders. */
const backUpSeconds = 10;
const relaySeconds = 1;
const scheduleSeconds = 2;
const forgetSeconds = 60;
const fillSeconds = 2;
/** What a program that runs away writes in this time leaves the reserve whole as a rule. */
const lookAtDiskSeconds = 1;
/** A step takes most of a processor, and its database the rest: more of them at one time keep requests waiting, and end no sooner. */
const driverConcurrency = Math.max(3, availableParallelism() + 1);
const otpLogDays = 90;
const partsAnswerWithinSeconds = 10;
/** There is no other server to move to; browsers come back when this one does. */
const drainSeconds = 0;
const maxLogBytes = 20 * 1024 * 1024;
/** Operations that take no room to speak of, or make some. The others wait for room: none is undone for want of it. */
const goOnWithoutRoom: ReadonlySet<OperationKind> = new Set<OperationKind>([
  'suspend',
  'resume',
  'confirm',
  'discard-restored',
  'erase',
]);

export interface Platform {
  url: string;
  stop(): Promise<void>;
}

/** Starts everything on this machine, in the order in which the parts need each other. Half a start is taken back. */
export async function startPlatform(options: PlatformOptions, progress: Progress): Promise<Platform> {
  await using started = new AsyncDisposableStack();
  const now = () => new Date();
  const url = `http://localhost:${options.port}`;

  const directory = openDataDirectory(options.dataDirectory);
  const lock = await lockInstance(directory.path);
  started.defer(() => lock.release());
  const gateway = createGateway();
  // Before anything else is started: whether the port can be had is known in a moment.
  await gateway.listen(options.port, options.host);
  started.defer(() => gateway.close());

  const log = await openLog(directory);
  started.defer(() => log.file.close());
  const { logger } = log;
  const disk = new DiskSpace({
    directory: directory.path,
    onChange: (sentence) => {
      progress.line(sentence);
      logger.warn(sentence);
    },
  });
  await disk.look();
  const watch = repeat(
    async () => {
      await disk.look();
      await disk.keepReserve();
    },
    lookAtDiskSeconds,
    (err) => logger.warn({ err }, 'nobody could look how full the disk is'),
  );
  started.defer(() => watch.stop());
  const servers = await startServers(directory, options, progress);
  started.defer(() => servers.stop());

  const master = await progress.step(
    'Migrating the master database',
    openMasterDatabase(servers.master, (err) => logger.warn({ err }, 'master database connection disturbed')),
  );
  started.defer(() => master.close());

  const redis = connectRedis(servers.redis, (err) => logger.warn({ err }, 'redis connection disturbed'));
  started.defer(() => redis.disconnect());

  const secrets = localSecrets(directory.secrets);
  const archives = localArchives({
    directory: directory.exports,
    key: () => secrets.ensure('platform/export-links'),
    url: `${url}${exportsPath}`,
    now,
  });
  const keys = await ensureKeys(directory, secrets, now);
  const dedicated = localPostgres({
    directory: directory.dedicated,
    prepared: directory.prepared,
    maxServers: maxDedicatedServers,
    settings: tenantServerSettings,
  });
  started.defer(() => dedicated.stopAll());
  await progress.step('Preparing tenant servers', dedicated.prepare());

  const store = createMasterDatabase(master.pools.driver);
  const ensureServers = () => ensureTenantServers(store, dedicated, servers.shared);
  await progress.step('Starting tenant servers', ensureServers());
  const ports: Ports = {
    store,
    hosts: {
      dedicated,
      shared: sharedPostgres(servers.shared),
    },
    database: tenantDatabase,
    copies: logicalReplication,
    secrets,
    archives,
    longestStepSeconds: null,
    lifecycle: { ...lifecycle, offboardGraceSeconds: options.offboardGraceSeconds },
    now,
    random: Math.random,
  };
  const waitsForRoom = async (operationId: string) => {
    if (!(await disk.look())) return false;
    const operation = await store.findOperation(operationId);
    return operation && !operation.undoing && !goOnWithoutRoom.has(operation.kind);
  };
  const driver = new OperationDriver({
    advance: async (operationId) => {
      if (await waitsForRoom(operationId)) return { status: 'again', afterSeconds: sweepSeconds };
      return advance(operationId, ports, {
        owner: driverName,
        leaseSeconds,
        retry: defaultRetry,
        onStepError: (err, context) => logger.warn({ err, ...context }, 'a step failed'),
      });
    },
    findDue: (limit) => store.findDueOperations(driverName, limit),
    concurrency: driverConcurrency,
    sweepSeconds,
    logger,
  });
  started.defer(() => driver.stop());

  const migrations = createFleetMigrations(master.pools.driver);
  const schema = createTenantSchema(servers.shared[0].admin);
  const migrationDriver = createMigrationDriver({
    ports: { store: migrations, hosts: ports.hosts, schema, random: Math.random },
    owner: driverName,
    leaseSeconds,
    sweepSeconds,
    isPaused: () => disk.refusal !== undefined,
    logger,
  });
  started.defer(() => migrationDriver.stop());

  const inspections = createInspections(master.pools.driver);
  const inspectionDriver = new OperationDriver({
    advance: async (inspectionId) => {
      const onError = (err: unknown) => logger.warn({ err }, 'an inspection failed');
      await inspect(inspectionId, { inspections, ports, schema, quotaShares, onError });
      return { status: 'done' };
    },
    // One that was cut off is asked for again.
    findDue: async () => [],
    concurrency: 1,
    sweepSeconds,
    logger,
  });
  started.defer(() => inspectionDriver.stop());

  const tenants = openTenantAccess({
    store: createMasterDatabase(master.pools.collaboration),
    secrets,
    master: master.connections.collaboration,
    now,
    onError: (err) => logger.warn({ err }, 'tenant database connection disturbed'),
  });
  started.defer(() => tenants.close());
  const tenantPools = tenants.pools;

  const publicHost = new URL(url).hostname;
  const outbox = new RedisOutbox({ redis, keys: keys.otp, now });
  const senders = { sms: [outbox], email: [outbox] };
  const delivery = createDeliveryWorker({
    ...{ logger, now, redis, tenantPools, otpKeys: keys.otp, senders, publicHost },
  });
  const retention = createLogRetention({
    ...{ logger, now, tenantPools, days: otpLogDays },
    store: createMasterDatabase(master.pools.otp),
  });
  const otpService = createOtpService({
    logger: logger.child({ service: 'kyo-otp-service' }),
    publicHost,
    now,
    redis,
    confirmingReplicas: 0,
    pool: master.pools.otp,
    tenantPools,
    otpKeys: keys.otp,
    signingKeys: keys.signing,
    tokens,
    endedAccess: tenants.endedAccess,
    limitLoopback: options.productionLimits,
    outbox,
  });
  const collaboration = createCollaborationService({
    logger: logger.child({ service: 'collaboration-service' }),
    now,
    random: Math.random,
    redis,
    confirmed: confirmWrites(redis, 0),
    tenantPools,
    tenants: tenants.directory,
    endedAccess: tenants.endedAccess,
    keepSecurityEvent: auditSecurityEvents(master.pools.collaboration),
    refusalOfEdits: () => disk.refusal,
    departures: { ...createLastEdits(master.pools.collaboration), pools: tenants.leavingPools },
    verifyAccessToken: accessTokenVerifier({
      ...tokens,
      keys: createLocalJWKSet(keys.signing.publicKeys),
      now,
      verifySignature: verifyByLibsodium,
    }),
  });
  const asked = createMasterDatabase(master.pools.api);
  const controlPlane = createApiGateway({
    routes: apiRoutes,
    authorize: createAuthorizer(
      accessTokenVerifier({
        ...tokens,
        keys: remoteKeys(`http://127.0.0.1:${options.port}/.well-known/jwks.json`),
      }),
    ),
    handle: createApi({
      store: asked,
      addressOf: peerAddress,
      archives,
      policy,
      hosts: ports.hosts,
      firstBackupSeconds: backUpSeconds,
      now,
      startOperation: async (operationId) => driver.start(operationId),
      inspection: {
        inspections: createInspections(master.pools.api),
        startInspection: async (inspectionId) => inspectionDriver.start(inspectionId),
        logger,
      },
      fleet: {
        store: asked,
        migrations: createFleetMigrations(master.pools.api),
        schema,
        policy,
        startMigration: async (migrationId) => migrationDriver.start(migrationId),
        logger,
      },
      logger: logger.child({ service: 'tenant-provisioning' }),
    }),
    logger,
  });
  const checks = {
    'master-database': () => master.pools.api.query('SELECT 1'),
    'shared-tenant-databases': () =>
      Promise.all(
        servers.shared.map(async ({ admin }) =>
          withConnection(await admin(), (client) => client.query('SELECT 1')),
        ),
      ),
    'dedicated-tenant-databases': () => dedicated.checkHealth(),
    redis: () => redis.ping(),
  };
  const pages = createPages({
    homePage: options.dashboard,
    logger,
    // A start does not wait for room: people can sign in and read.
    checks: { ...checks, disk: () => disk.check() },
  });
  const exportFiles = createExports(archives, logger);
  const apps = [otpService, collaboration.app, controlPlane, exportFiles, pages];
  for (const app of apps) refuseWithoutRoom(app, () => disk.look());
  started.defer(async () => {
    await Promise.all(apps.map((app) => app.close()));
  });
  // First: an app waits for the servers it needs, and would not say which one is away.
  await allAnswer(checks);
  await Promise.all(apps.map((app) => app.ready()));

  writeAtomically(directory.operatorToken, await operatorToken(keys.signing));
  writeAtomically(directory.address, JSON.stringify({ url }));
  delivery.start();
  started.defer(() => delivery.stop());
  retention.start();
  started.defer(() => retention.stop());
  driver.run();
  migrationDriver.run();
  const schedule = repeat(
    async () => {
      for (const operationId of await requestScheduled(store, ports.lifecycle, now()))
        driver.start(operationId);
    },
    scheduleSeconds,
    (err) => logger.warn({ err }, 'what is due could not be asked for'),
  );
  started.defer(() => schedule.stop());
  const forgetting = repeat(
    () => store.forgetWhatIsOver(),
    forgetSeconds,
    (err) => logger.warn({ err }, 'what is over could not be forgotten'),
  );
  started.defer(() => forgetting.stop());
  const sizes = { free: options.warmDatabases, basic: options.warmServers };
  const filling = repeat(
    async () => disk.refusal ?? fillPool(ports, sizes, policy),
    fillSeconds,
    (err) => logger.warn({ err }, 'the warm pool could not be filled'),
  );
  started.defer(() => filling.stop());
  const supervisor = repeat(
    async () => {
      const revived = await servers.revive();
      if (revived.length > 0) logger.warn({ revived }, 'servers had died and were started again');
      await ensureServers();
    },
    superviseSeconds,
    (err) => logger.warn({ err }, 'a server could not be started again'),
  );
  started.defer(() => supervisor.stop());
  const backups = repeat(
    async () => {
      if (disk.refusal) return;
      await servers.backUp(now());
      await dedicated.backUp(now());
    },
    backUpSeconds,
    (err) => logger.warn({ err }, 'a base backup could not be taken'),
  );
  started.defer(() => backups.stop());
  const publisher = options.webhook ? webhook({ ...options.webhook, now }) : logPublisher(logger);
  const events = createEventOutbox(master.pools.driver);
  const relay = repeat(
    () =>
      relayEvents(events, publisher, Math.random, (err, { eventId }) =>
        logger.warn({ err, eventId }, 'an event was not taken over'),
      ),
    relaySeconds,
    (err) => logger.warn({ err }, 'the outbox cannot be read'),
  );
  started.defer(() => relay.stop());
  gateway.open([
    ['/provision-tenant', controlPlane],
    ['/tenants', controlPlane],
    ['/operations', controlPlane],
    ['/audit', controlPlane],
    ['/fleet', controlPlane],
    ['/plans', controlPlane],
    ['/api/otp', otpService],
    ['/api/auth', otpService],
    ['/.well-known/jwks.json', otpService],
    ['/dev/outbox', otpService],
    [exportsPath, exportFiles],
    ['/socket.io', collaboration.app],
    ['/api/collaboration', collaboration.app],
    ['/', pages],
  ]);
  // The last in is the first out: nobody new comes in, what is under way comes to its end, then its servers stop.
  started.defer(() => gateway.close());
  started.defer(() => collaboration.drain(drainSeconds));
  started.defer(() => lock.stopping());

  await reportOldSchemas(migrations, schema.newestVersion, progress);
  const running = started.move();
  return { url, stop: () => running.disposeAsync() };
}

/** Ready is said when every part answers. @throws {ServerError} naming those that do not. */
async function allAnswer(checks: Record<string, HealthCheck>): Promise<void> {
  let silent: string[] = [];
  await waitFor('Waiting for every part', partsAnswerWithinSeconds, async () => {
    const { parts } = await checkHealth(checks);
    silent = Object.keys(parts).filter((name) => parts[name]?.status !== 'ready');
    return silent.length === 0 || undefined;
  }).catch(() => {
    throw new ServerError(
      `These parts do not answer: ${silent.join(', ')}. If they are servers of your own, check KYO_MASTER_DATABASE_URL and ` +
        'KYO_REDIS_URL (Redis 7 or newer, in cluster mode); else look into logs/platform.log in the data directory.',
    );
  });
}

/** Tenants keep the schema they have until an operator migrates them: a start changes no gym's database by itself. */
async function reportOldSchemas(
  migrations: FleetMigrationStore,
  newestVersion: string,
  progress: Progress,
): Promise<void> {
  const { length } = await migrations.findTenantsBefore(newestVersion);
  if (length === 0) return;
  progress.line(
    `${length} tenant${length === 1 ? ' has' : 's have'} an older schema than ${newestVersion}. Migrate: npm run kyo -- migrate run`,
  );
}

/** Without a webhook, an event is a line in the log. */
function logPublisher(logger: Logger): EventPublisher {
  return {
    async publish({ type, tenantId, operationId, eventId }) {
      logger.info({ type, tenantId, operationId, eventId }, 'event');
    },
  };
}

async function openLog(directory: DataDirectory): Promise<{ logger: Logger; file: LogFile }> {
  const path = join(directory.logs, 'platform.log');
  if (existsSync(path) && statSync(path).size > maxLogBytes) renameSync(path, `${path}.previous`);
  const file = await LogFile.open(path);
  return { logger: createLogger({ service: 'local-platform' }, file), file };
}
