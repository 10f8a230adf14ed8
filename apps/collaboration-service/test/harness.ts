import { randomUUID } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { type DocumentQuota, documentQuotas } from '@kyong/collaboration';
import { CollaborationClient } from '@kyong/collaboration/client';
import type { Role } from '@kyong/contracts';
import { createSigningKey, loadSigningKeys } from '@kyong/identity/adapters/signing-keys';
import { type Connection, type Pool, TenantPools } from '@kyong/postgres';
import { type ConfirmedWrite, confirmWrites } from '@kyong/redis';
import { accessTokenVerifier, createLogger } from '@kyong/service-kit';
import { EndedAccess, type TenantEntry, TenantUnavailable } from '@kyong/tenancy';
import { tenantMigrations } from '@kyong/tenancy/adapters/tenant-schema';
import { createTestDatabase, createTestRedis, eventually } from '@kyong/testing';
import type { Cluster } from 'ioredis';
import { createLocalJWKSet } from 'jose';
import { io, type ManagerOptions, type Socket, type SocketOptions } from 'socket.io-client';
import { onTestFinished } from 'vitest';
import { type CollaborationService, createApp } from '../src/app.ts';
import type { SocketLimits } from '../src/sockets/connection.ts';

const registered = { issuer: 'https://kyo.test', audience: 'kyo', now: () => new Date() };

/** Gyms, people and as many servers as a test starts, on real PostgreSQL and Redis. */
export async function createWorld(
  options: {
    redis?: () => Cluster;
    confirmed?: ConfirmedWrite;
    now?: () => Date;
    quota?: DocumentQuota;
  } = {},
) {
  const gyms = new Map<string, Connection>();
  const closed = new Set<string>();
  /** Offboardings that wait, by tenant. */
  const leaving = new Map<string, { edits: 'awaited' | 'saved' }>();
  const log: string[] = [];
  const signingKeys = await loadSigningKeys([await createSigningKey(new Date())], registered);
  const connectionOf = async (tenantId: string) => {
    const connection = gyms.get(tenantId);
    if (!connection) throw new TenantUnavailable(tenantId, 'unknown');
    if (closed.has(tenantId) || leaving.has(tenantId)) throw new TenantUnavailable(tenantId, 'closed');
    return connection;
  };
  const connectionOfLeaving = async (tenantId: string) => {
    const connection = leaving.has(tenantId) && gyms.get(tenantId);
    if (!connection) throw new TenantUnavailable(tenantId, 'closed');
    return connection;
  };
  const endedAccess = new EndedAccess(() => new Date());
  endedAccess.known();
  const redis = options.redis ?? (() => createTestRedis('collaboration'));

  return {
    log,
    gyms,
    closed,
    endedAccess,
    leaving,
    signingKeys,
    createGym: async (
      tenantId = `gym-${randomUUID().slice(0, 8)}`,
    ): Promise<{ tenantId: string; pool: Pool }> => {
      const { pool, connection } = await createTestDatabase(tenantMigrations);
      gyms.set(tenantId, connection);
      return { tenantId, pool };
    },
    token: (
      tenantId: string,
      {
        userId = randomUUID(),
        role = 'gym_staff',
        seconds = 900,
      }: { userId?: string; role?: Role; seconds?: number } = {},
    ) => signingKeys.sign({ sub: userId, tenant: tenantId, roles: [role], scope: 'session' }, seconds),
    startServer: async (limits?: Partial<SocketLimits>): Promise<TestServer> => {
      const poolLimits = {
        maxTenants: 10,
        maxConnectionsPerTenant: 5,
        idleTimeoutSeconds: 60,
        onError: () => {},
      };
      const tenantPools = new TenantPools({ ...poolLimits, connectionOf });
      const leavingPools = new TenantPools({ ...poolLimits, connectionOf: connectionOfLeaving });
      const client = redis();
      const service = createApp({
        logger: createLogger({ service: 'test', level: 'debug' }, { write: (line) => log.push(line) }),
        now: options.now ?? (() => new Date()),
        random: Math.random,
        redis: client,
        confirmed: options.confirmed ?? confirmWrites(client, 0),
        tenantPools,
        tenants: {
          find: async (tenantId) =>
            ({
              tenant: { plan: 'free' },
              connection: await connectionOf(tenantId),
            }) as unknown as TenantEntry,
        },
        endedAccess,
        departures: {
          pools: leavingPools,
          findAwaited: async () =>
            [...leaving]
              .filter(([, { edits }]) => edits === 'awaited')
              .map(([tenantId]) => ({ operationId: tenantId, tenantId })),
          recordSaved: async (operationId) => {
            leaving.set(operationId, { edits: 'saved' });
          },
        },
        verifyAccessToken: accessTokenVerifier({
          ...registered,
          keys: createLocalJWKSet(signingKeys.publicKeys),
        }),
        ...(limits && { socketLimits: limits }),
        ...(options.quota && { quotas: { ...documentQuotas, free: options.quota } }),
      });
      await service.app.listen({ host: '127.0.0.1', port: 0 });
      let stopped: Promise<void> | undefined;
      const stop = () => {
        stopped ??= service.app
          .close()
          .then(() => Promise.all([tenantPools.close(), leavingPools.close()]))
          .then(() => {});
        return stopped;
      };
      onTestFinished(stop);
      const { port } = service.app.server.address() as AddressInfo;
      return { ...service, url: `http://127.0.0.1:${port}`, stop };
    },
  };
}

export type World = Awaited<ReturnType<typeof createWorld>>;
export type TestServer = CollaborationService & { url: string; stop: () => Promise<void> };

/** Creates a document; answers with its id. */
export async function createDocument(
  { app }: TestServer,
  token: string,
  kind = 'schedule_management',
): Promise<string> {
  const response = await app.inject({
    method: 'POST',
    url: '/api/collaboration/documents',
    headers: { authorization: `Bearer ${token}` },
    payload: { kind, title: 'Week 12' },
  });
  if (response.statusCode !== 201) throw new Error(response.body);
  return (response.json() as { documentId: string }).documentId;
}

export async function request(
  { app }: TestServer,
  method: 'GET' | 'POST' | 'PUT' | 'DELETE',
  path: string,
  token: string,
  payload?: object,
) {
  const response = await app.inject({
    method,
    url: `/api/collaboration/documents${path}`,
    headers: { authorization: `Bearer ${token}` },
    ...(payload && { payload }),
  });
  // biome-ignore lint/suspicious/noExplicitAny: whatever the service answers; the tests say what they expect.
  return { status: response.statusCode, body: (response.body ? response.json() : undefined) as any };
}

/** The stock client, which comes back quickly. */
export function connect(
  url: string,
  token: unknown,
  options: Partial<ManagerOptions & SocketOptions> = {},
): Socket {
  const socket = io(url, {
    auth: { token },
    forceNew: true,
    transports: ['websocket'],
    reconnectionDelay: 20,
    reconnectionDelayMax: 200,
    ...options,
  });
  onTestFinished(() => {
    socket.disconnect();
  });
  return socket;
}

export async function connected(socket: Socket): Promise<Socket> {
  await eventually(() => {
    if (!socket.connected) throw new Error('not connected yet');
  });
  return socket;
}

/** Our own client. */
export function collaborate(url: string, getToken: () => Promise<string>): CollaborationClient {
  const client = new CollaborationClient(url, {
    getToken,
    socket: { transports: ['websocket'], reconnectionDelay: 20, reconnectionDelayMax: 200 },
  });
  onTestFinished(() => client.close());
  return client;
}

// biome-ignore lint/suspicious/noExplicitAny: an answer is whatever the service says; the tests say what they expect.
export async function ask(socket: Socket, event: string, payload?: unknown): Promise<any> {
  return socket.timeout(60_000).emitWithAck(event, payload);
}

/** Processor time of this thread, in microseconds: unlike the clock, it does not depend on what else the machine does. */
export async function processorTime(task: () => unknown): Promise<number> {
  const before = process.threadCpuUsage();
  await task();
  const { user, system } = process.threadCpuUsage(before);
  return user + system;
}
