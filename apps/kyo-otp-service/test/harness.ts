import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { ProblemDocument } from '@kyong/contracts';
import { signIn } from '@kyong/identity';
import { postgresIdentityStore } from '@kyong/identity/adapters/postgres';
import { createSigningKey, loadSigningKeys } from '@kyong/identity/adapters/signing-keys';
import { type MessageSender, OtpKeys } from '@kyong/otp';
import { RedisOutbox } from '@kyong/otp/adapters/redis';
import { type Connection, type Pool, TenantPools } from '@kyong/postgres';
import { createLogger } from '@kyong/service-kit';
import { EndedAccess, TenantUnavailable } from '@kyong/tenancy';
import { tenantMigrations } from '@kyong/tenancy/adapters/tenant-schema';
import { openAs } from '@kyong/tenancy/testing/program-pool';
import { createTestDatabase, createTestRedis, TestClock } from '@kyong/testing';
import type { Cluster } from 'ioredis';
import { onTestFinished } from 'vitest';
import { createApp, type OtpServiceDependencies } from '../src/app.ts';
import { createDeliveryWorker } from '../src/delivery.ts';

const migrations = join(import.meta.dirname, '..', '..', '..', 'packages', 'tenancy', 'migrations', 'master');
const publicHost = 'kyo.example';
export const tokens = { issuer: 'https://kyo.test', audience: 'kyo' };

/** The service on real servers. Its clock starts at the present, stands still, and keeps its tokens from expiring. */
export async function createService(options: { redis?: Cluster; pool?: Pool; limitLoopback?: boolean } = {}) {
  const clock = new TestClock(new Date());
  const log: string[] = [];
  const logger = createLogger({ service: 'test', level: 'debug' }, { write: (line) => log.push(line) });
  const redis = options.redis ?? createTestRedis('otp');
  const { pool, rights, connection } = options.pool
    ? { pool: options.pool, rights: options.pool, connection: undefined }
    : await openMaster();
  const gyms = new Map<string, Connection>();
  const tenantPools = new TenantPools({
    maxTenants: 10,
    maxConnectionsPerTenant: 5,
    idleTimeoutSeconds: 60,
    connectionOf: async (tenantId) => {
      const gym = gyms.get(tenantId);
      if (!gym) throw new TenantUnavailable(tenantId, 'unknown');
      return gym;
    },
    onError: () => {},
  });
  onTestFinished(() => tenantPools.close());
  const otpKeys = new OtpKeys(randomBytes(32));
  const signingKey = await createSigningKey(clock.now());
  const signingKeys = await loadSigningKeys([signingKey], { ...tokens, now: clock.now });
  const endedAccess = new EndedAccess(clock.now);
  endedAccess.known();
  const outbox = new RedisOutbox({ redis, keys: otpKeys, now: clock.now });
  const dependencies: OtpServiceDependencies = {
    logger,
    now: clock.now,
    redis,
    confirmingReplicas: 0,
    pool: rights,
    tenantPools,
    otpKeys,
    signingKeys,
    tokens,
    endedAccess,
    limitLoopback: options.limitLoopback ?? false,
    trustedProxies: 1,
    publicHost,
    outbox,
  };
  const app = createApp(dependencies);
  onTestFinished(() => app.close());

  const identity = { store: postgresIdentityStore(rights), signer: signingKeys, now: clock.now };
  return {
    app,
    clock,
    log,
    /** The master database, with every right: for what other programs do. */
    pool,
    /** The way into it that this service has. */
    connection,
    signingKey,
    signingKeys,
    dependencies,
    /** A person with a session, without a code. */
    signIn: (email: string, tenantId?: string) =>
      signIn(identity, { address: { channel: 'email', value: email }, purpose: 'login', tenantId }),
    /** A gym with a database of its own. */
    createGym: async (tenantId: string, name = 'Iron Temple'): Promise<Pool> => {
      const gym = await createTestDatabase(tenantMigrations);
      await gym.pool.query('INSERT INTO gym (tenant_id, name) VALUES ($1, $2)', [tenantId, name]);
      gyms.set(tenantId, gym.connection);
      return gym.pool;
    },
    gyms,
    startWorker: (sender: MessageSender = outbox) => {
      const senders = { sms: [sender], email: [sender] };
      const worker = createDeliveryWorker({
        ...{ logger, now: clock.now, redis, tenantPools, otpKeys, publicHost, senders },
        logRetryMilliseconds: 300,
      });
      worker.start();
      onTestFinished(() => worker.stop());
    },
  };
}

async function openMaster() {
  const { pool, connection: admin } = await createTestDatabase(migrations);
  const { pool: rights, connection } = await openAs('otp', admin);
  return { pool, rights, connection };
}

type App = Awaited<ReturnType<typeof createService>>['app'];

/** Posts JSON. */
export async function post(app: App, url: string, body: object, headers: Record<string, string> = {}) {
  return app.inject({ method: 'POST', url, payload: body, headers });
}

/** What is stable about a problem: its status and its code. */
export function problemOf(response: { statusCode: number; json: () => unknown }): [number, string] {
  return [response.statusCode, (response.json() as ProblemDocument).code];
}
