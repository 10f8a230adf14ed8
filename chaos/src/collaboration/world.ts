import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { CollaborationClient } from '@kyong/collaboration/client';
import type { Role } from '@kyong/contracts';
import { PostgresServer, RedisCluster, RedisServer } from '@kyong/embedded-servers';
import { createSigningKey, loadSigningKeys, type SigningKeys } from '@kyong/identity/adapters/signing-keys';
import { type Connection, withConnection } from '@kyong/postgres';
import { tenantDatabase } from '@kyong/tenancy/adapters/tenant-schema';
import { io, type Socket } from 'socket.io-client';
import type { Stage } from '../fault.ts';
import { type ConnectionBalancer, startConnectionBalancer } from './balancer.ts';
import { CollaborationServer } from './server.ts';
import type { ServerConfiguration } from './server-process.ts';

const tokens = { issuer: 'https://kyo.test', audience: 'kyo' };
const settings = { maxConnections: 100, sharedBuffersMegabytes: 32 };
export const tenants = ['gym-a', 'gym-b'] as const;

export interface WorldOptions {
  /** `cluster`: three primaries, each with a replica, and every edit confirmed by one. */
  redis: 'single' | 'cluster';
  servers: number;
  limits?: ServerConfiguration['limits'];
}

/** Two gyms and servers for them, each in a process of its own, as their clients see them. */
export class World implements AsyncDisposable {
  readonly #started: AsyncDisposableStack;
  readonly #configuration: ServerConfiguration;
  readonly #keys: SigningKeys;
  readonly redis: RedisServer | RedisCluster;
  readonly servers: CollaborationServer[] = [];
  readonly #clients = new Set<CollaborationClient>();
  readonly #balancers: ConnectionBalancer[] = [];

  private constructor(parts: {
    started: AsyncDisposableStack;
    configuration: ServerConfiguration;
    keys: SigningKeys;
    redis: RedisServer | RedisCluster;
  }) {
    this.#started = parts.started;
    this.#configuration = parts.configuration;
    this.#keys = parts.keys;
    this.redis = parts.redis;
  }

  static async start({ directory }: Stage, options: WorldOptions): Promise<World> {
    await using started = new AsyncDisposableStack();
    const postgres = new PostgresServer(join(directory, 'postgres'), settings);
    started.defer(() => postgres.stop());
    await postgres.initialise();
    const endpoint = await postgres.start();
    const databases: Record<string, Connection> = {};
    for (const tenant of tenants) {
      const database = tenant.replace('-', '_');
      await withConnection({ ...endpoint, database: 'postgres' }, (client) =>
        client.query(`CREATE DATABASE ${database}`),
      );
      const admin = { ...endpoint, database };
      const role = { name: `${database}_app`, password: randomUUID(), connectionLimit: 50 };
      await tenantDatabase.ensureRole(admin, role);
      await tenantDatabase.migrate(admin, role.name);
      databases[tenant] = { ...admin, user: role.name, password: role.password };
    }
    const redis = await startRedis(directory, options.redis, started);
    const keys = await loadSigningKeys([await createSigningKey(new Date())], {
      ...tokens,
      now: () => new Date(),
    });
    const nodes = (redis instanceof RedisServer ? [redis] : redis.servers).map(
      ({ endpoint: { host, port } }) => ({
        host,
        port,
      }),
    );
    const { password } =
      redis instanceof RedisServer ? redis.endpoint : (redis.servers[0] as RedisServer).endpoint;
    const world = new World({
      started: started.move(),
      configuration: {
        redis: { nodes, password },
        replicas: options.redis === 'cluster' ? 1 : 0,
        tenants: databases,
        tokens,
        publicKeys: keys.publicKeys,
        drainSeconds: 1,
        ...(options.limits && { limits: options.limits }),
      },
      keys,
      redis,
    });
    await Promise.all(Array.from({ length: options.servers }, () => world.startServer()));
    await world.startBalancer();
    return world;
  }

  /** The one for everybody who has none of their own. */
  get balancer(): ConnectionBalancer {
    const [balancer] = this.#balancers;
    if (!balancer) throw new Error('The balancer is not started yet.');
    return balancer;
  }

  /** Another one in front of the same servers, so that some can be cut off and others not. */
  async startBalancer(): Promise<ConnectionBalancer> {
    const running = () => this.servers.filter(({ isRunning }) => isRunning).map(({ port }) => port);
    const balancer = await startConnectionBalancer(running);
    this.#balancers.push(balancer);
    return balancer;
  }

  get configuration(): ServerConfiguration {
    return this.#configuration;
  }

  async startServer(): Promise<CollaborationServer> {
    const server = await CollaborationServer.start(this.#configuration);
    this.servers.push(server);
    return server;
  }

  /** Ends a server and starts another in its place; the new one first, when it is told in advance. */
  async replaceServer(index: number, signal: 'SIGTERM' | 'SIGKILL'): Promise<number | null> {
    const old = this.servers[index] as CollaborationServer;
    if (signal === 'SIGTERM') await this.startServer();
    const code = await old.end(signal);
    this.servers.splice(this.servers.indexOf(old), 1);
    if (signal === 'SIGKILL') await this.startServer();
    return code;
  }

  token(
    tenant: string,
    { userId = randomUUID(), role = 'gym_owner' as Role, seconds = 3_600 } = {},
  ): Promise<string> {
    return this.#keys.sign({ sub: userId, tenant, roles: [role], scope: 'session' }, seconds);
  }

  /** Our own client, through the balancer unless told otherwise. */
  client(token: string, url = this.balancer.url): CollaborationClient {
    const client = new CollaborationClient(url, {
      getToken: async () => token,
      socket: { transports: ['websocket'], reconnectionDelay: 50, reconnectionDelayMax: 500 },
    });
    this.#clients.add(client);
    return client;
  }

  /** The stock client; it does not come back by itself. */
  async socket(token: string, url = this.balancer.url): Promise<Socket> {
    const socket = io(url, {
      auth: { token },
      transports: ['websocket'],
      forceNew: true,
      reconnection: false,
    });
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('connect_error', reject);
    });
    return socket;
  }

  async createDocument(token: string): Promise<string> {
    // Not through the balancer, which may be told to cut it off.
    const server = this.servers.find(({ isRunning }) => isRunning);
    const answer = await fetch(`${server?.url}/api/collaboration/documents`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ kind: 'course_planning', title: 'A plan' }),
    });
    if (!answer.ok)
      throw new Error(`A document could not be created: ${answer.status} ${await answer.text()}`);
    return ((await answer.json()) as { documentId: string }).documentId;
  }

  /** Kills the primary of a random slot, or the one Redis there is; then brings it back. */
  async killRedis(random: () => number, downMilliseconds: number): Promise<void> {
    const victims = this.redis instanceof RedisServer ? [this.redis] : await this.redis.primaries();
    const victim = victims[Math.floor(random() * victims.length)];
    victim?.signal('SIGKILL');
    await sleep(downMilliseconds);
    await victim?.start(() => {});
    if (this.redis instanceof RedisCluster) await this.redis.whole(30);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const client of this.#clients) client.close();
    for (const balancer of this.#balancers) balancer.close();
    await Promise.all(this.servers.map((server) => server.end('SIGKILL')));
    await this.#started.disposeAsync();
  }
}

async function startRedis(
  directory: string,
  kind: WorldOptions['redis'],
  started: AsyncDisposableStack,
): Promise<RedisServer | RedisCluster> {
  const redis =
    kind === 'single'
      ? new RedisServer(join(directory, 'redis'), { fsync: 'always' })
      : new RedisCluster(join(directory, 'redis'), {
          ...{ fsync: 'always', primaries: 3, replicasPerPrimary: 1 },
          nodeTimeoutMilliseconds: 1_000,
        });
  started.defer(() => redis.stop());
  await redis.start(() => {});
  return redis;
}

/** Waits until `condition` holds. @returns the milliseconds it took, or undefined when it took too long. */
export async function until(condition: () => boolean, milliseconds: number): Promise<number | undefined> {
  const startedAt = performance.now();
  while (!condition()) {
    if (performance.now() - startedAt > milliseconds) return undefined;
    await sleep(10);
  }
  return performance.now() - startedAt;
}
