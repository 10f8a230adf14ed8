import { type DocumentQuota, type DocumentRef, documentQuotas } from '@kyong/collaboration';
import {
  connectSubscriber,
  newServerName,
  redisPresence,
  redisRoomChannel,
  redisTurns,
  redisUpdateLog,
} from '@kyong/collaboration/adapters/redis';
import { findKind, tenantSnapshots } from '@kyong/collaboration/adapters/tenant-database';
import type { Plan } from '@kyong/contracts';
import type { TenantPools } from '@kyong/postgres';
import { type ConfirmedWrite, untilReady } from '@kyong/redis';
import {
  createHttpApp,
  drain,
  type HttpAppOptions,
  type Logger,
  Problem,
  runInBackground,
  type VerifyAccessToken,
} from '@kyong/service-kit';
import { type EndedAccess, type LastEdits, type TenantDirectory, TenantUnavailable } from '@kyong/tenancy';
import { createShardedAdapter } from '@socket.io/redis-adapter';
import type { FastifyInstance } from 'fastify';
import type { Cluster } from 'ioredis';
import { startHistoryThread } from './history-thread.ts';
import { LiveDocuments } from './live-documents.ts';
import { Metrics } from './metrics.ts';
import { moveAway } from './move-away.ts';
import { Quotas } from './quotas.ts';
import { startReplicaThread } from './replica-thread.ts';
import { commentRoutes } from './rest/comment-routes.ts';
import { documentRoutes } from './rest/document-routes.ts';
import { historyRoutes } from './rest/history-routes.ts';
import { recheckRoles } from './roles.ts';
import { Budgets } from './sockets/budgets.ts';
import { defaultSocketLimits, type SocketLimits } from './sockets/connection.ts';
import { createSocketServer } from './sockets/socket-server.ts';
import { authorizeIn } from './tenant-access.ts';
import { Versions } from './versions.ts';

export type { SocketLimits };

export interface CollaborationDependencies {
  logger: Logger;
  now: () => Date;
  random: () => number;
  redis: Cluster;
  /** How updates are written: acknowledged when they outlast a failover. */
  confirmed: ConfirmedWrite;
  tenantPools: TenantPools;
  tenants: Pick<TenantDirectory, 'find'>;
  /** Which tokens have ended before their time. */
  endedAccess: Pick<EndedAccess, 'hasEnded' | 'onEnd'>;
  /** See `HttpAppOptions`. */
  keepSecurityEvent?: HttpAppOptions['keepSecurityEvent'];
  /** Gyms that leave, and the way into their databases, which are closed to people; absent where none ever leaves. */
  departures?: LastEdits & { pools: TenantPools };
  verifyAccessToken: VerifyAccessToken;
  /** Why no edit is taken at present, because there is no room for it; absent where nobody watches the room there is. */
  refusalOfEdits?: () => Problem | undefined;
  socketLimits?: Partial<SocketLimits>;
  quotas?: Record<Plan, DocumentQuota>;
  /** Of CloudWatch, for this service's metrics. */
  metricsNamespace?: string | undefined;
  trustedProxies?: number;
}

export interface CollaborationService {
  app: FastifyInstance;
  /** Not ready from now on; clients move to other servers over this time, once. Then close the app. */
  drain(windowSeconds: number): Promise<void>;
}

const presenceLeaseSeconds = 30;
const intervals = {
  /** A message that was lost, on a channel that says nothing more, is noticed within this. */
  heads: 2_000,
  presence: 10_000,
  tidy: 1_000,
  adopt: 15_000,
  departures: 1_000,
  /** Who may act no more, expired tokens and what was sent by half. */
  revoke: 1_000,
  /** Roles are told of when they change; this is for what was not heard. */
  roles: 60_000,
  metrics: 60_000,
};

declare module 'socket.io' {
  interface ServerSideEvents {
    'document:roles': (document: DocumentRef) => void;
  }
}

/** Documents that several people edit at once: Socket.IO for the edits, HTTP for everything about documents. */
export function createApp(dependencies: CollaborationDependencies): CollaborationService {
  const { logger, now, random, redis, confirmed, tenantPools, tenants, endedAccess, departures } =
    dependencies;
  const { trustedProxies } = dependencies;
  const app = createHttpApp({
    logger,
    ...(trustedProxies !== undefined && { trustedProxies }),
    checks: { redis: () => redis.ping() },
    keepSecurityEvent: dependencies.keepSecurityEvent,
    verifyAccessToken: dependencies.verifyAccessToken,
  });

  const onError = (err: unknown) => {
    // A gym that is closed is no fault: its documents wait for it.
    if (!(err instanceof TenantUnavailable)) logger.warn({ err }, 'collaboration disturbed');
  };
  const server = newServerName();
  const subscriber = connectSubscriber(redis, onError);
  const limits = { ...defaultSocketLimits, ...dependencies.socketLimits };
  const budgets = new Budgets(limits);
  const onSpent = budgets.spendThread.bind(budgets);
  const history = startHistoryThread(onSpent);
  const replicas = startReplicaThread(onSpent);
  const { quotas: allowed = documentQuotas } = dependencies;
  const quotas = new Quotas({ quotas: allowed, tenants, logger, now });
  const versions = new Versions(tenantPools, history, quotas, now);
  const metrics = new Metrics(dependencies.metricsNamespace);
  const storage = departures ? alsoOfLeaving(tenantPools, departures.pools) : tenantPools;
  const documents = new LiveDocuments({
    log: redisUpdateLog({ redis, confirmed, server, now }),
    snapshots: tenantSnapshots(storage),
    channel: redisRoomChannel(redis, subscriber, server),
    presence: redisPresence(redis, server, presenceLeaseSeconds),
    createReplica: replicas.create,
    fold: history.fold,
    now,
    metrics,
    onError,
    onSnapshot: (document, kind, written) => versions.keepIfDue(document, kind, written),
    kindOf: async ({ tenantId, documentId }) => {
      try {
        return await storage.use(tenantId, (pool) => findKind(pool, documentId));
      } catch (error) {
        // It was erased, and its documents with it.
        if (error instanceof TenantUnavailable && error.reason === 'unknown') return undefined;
        throw error;
      }
    },
  });
  const authorize = authorizeIn(tenants, endedAccess);
  const { io, connections } = createSocketServer(app, {
    ...dependencies,
    documents,
    metrics,
    onError,
    authorize,
    budgets,
    limits,
  });

  const access = { authorize, pools: tenantPools };
  const recheck = async (document: DocumentRef) => {
    const live = documents.find(document);
    if (live) await recheckRoles(live, tenantPools);
  };
  io.on('document:roles', (document) => void recheck(document).catch(onError));
  documentRoutes(app, {
    access,
    quotas,
    onRoles: async (document) => {
      io.serverSideEmit('document:roles', document);
      await recheck(document);
    },
  });
  historyRoutes(app, { access, budgets, documents, versions, history, turns: redisTurns(redis) });
  commentRoutes(app, { access, quotas });

  app.addHook('onReady', async () => {
    await untilReady(subscriber);
    // One channel for all: a channel a room would be subscribed to unseen, and loses what is said meanwhile.
    io.adapter(createShardedAdapter(redis, subscriber, { subscriptionMode: 'static' }));
  });
  const every = (name: keyof typeof intervals, task: () => Promise<void>) =>
    runInBackground(app, { name, milliseconds: intervals[name], logger }, task);
  every('heads', () => documents.checkHeads());
  every('presence', () => documents.renewPresence());
  every('tidy', async () => {
    budgets.tidy();
    await documents.tidy();
  });
  every('adopt', () => documents.adopt());
  every('departures', async () => {
    for (const { operationId, tenantId } of (await departures?.findAwaited()) ?? []) {
      if (await documents.saveAll(tenantId)) await departures?.recordSaved(operationId);
    }
  });
  every('roles', async () => {
    for (const live of documents.all) await recheckRoles(live, tenantPools).catch(onError);
  });
  // At once; whoever has a new token comes back with it.
  const interruptEnded = () => {
    endsHeard = false;
    for (const connection of connections)
      if (endedAccess.hasEnded(connection.principal)) connection.interrupt();
  };
  let endsHeard = false;
  endedAccess.onEnd(() => {
    if (!endsHeard) setImmediate(interruptEnded);
    endsHeard = true;
  });
  every('revoke', async () => {
    const time = now();
    for (const connection of connections) {
      if (connection.expiresAt <= time || connection.isStuck) connection.interrupt();
      await authorize(connection.principal).catch((error: unknown) => {
        if (!(error instanceof TenantUnavailable || error instanceof Problem)) throw error;
        connection.socket.disconnect(true);
      });
    }
  });
  every('metrics', async () => {
    const { queuedBytes, all } = documents;
    metrics.write(logger, now(), { sockets: connections.size, rooms: all.size, queuedBytes });
  });

  const drainAll = async (windowSeconds: number) => {
    await Promise.all([drain(app, windowSeconds), moveAway(connections, { windowSeconds, random })]);
  };
  // Before the HTTP server closes, which waits for its connections.
  app.addHook('preClose', async () => {
    await drainAll(0);
    io.engine.close();
  });
  app.addHook('onClose', async () => {
    await documents.closeAll();
    await Promise.all([history.close(), replicas.close()]);
    subscriber.disconnect();
  });
  let leaving: Promise<void> | undefined;
  const drainOnce = (windowSeconds: number) => {
    leaving ??= drainAll(windowSeconds);
    return leaving;
  };
  return { app, drain: drainOnce };
}

/** What people have edited is saved when their gym leaves, too: nothing else is done in its database then. */
function alsoOfLeaving(pools: TenantPools, leaving: TenantPools): Pick<TenantPools, 'use'> {
  return {
    use: (tenantId, task) =>
      pools.use(tenantId, task).catch((error: unknown) => {
        if (!(error instanceof TenantUnavailable) || error.reason !== 'closed') throw error;
        return leaving.use(tenantId, task);
      }),
  };
}
