import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { waitFor } from './process.ts';
import { RedisServer, type RedisSettings, slots } from './redis-server.ts';

export interface RedisClusterSettings extends Pick<RedisSettings, 'fsync'> {
  /** Three at least, or no majority is left to replace one. */
  primaries: number;
  replicasPerPrimary: number;
  /** After how long a primary that does not answer is replaced. */
  nodeTimeoutMilliseconds: number;
}

const formTimeoutSeconds = 30;
const answerTimeoutMilliseconds = 1_000;

/**
 * A Redis Cluster of several real servers, which puts a replica in the place of a primary that died. For tests: it is made
 * once, and a server that is started again finds its place by itself.
 */
export class RedisCluster {
  readonly servers: RedisServer[];
  readonly password = randomBytes(24).toString('base64url');
  readonly #settings: RedisClusterSettings;

  constructor(directory: string, settings: RedisClusterSettings) {
    const { fsync, primaries, replicasPerPrimary, nodeTimeoutMilliseconds } = settings;
    const member = { password: this.password, nodeTimeoutMilliseconds };
    this.#settings = settings;
    this.servers = Array.from(
      { length: primaries * (1 + replicasPerPrimary) },
      (_, n) => new RedisServer(join(directory, String(n)), { fsync, member }),
    );
  }

  /** Starts the servers and makes a cluster of them: the first are primaries, the others their replicas in turn. */
  async start(progress: (line: string) => void): Promise<void> {
    await Promise.all(this.servers.map((server) => server.start(progress)));
    await using started = new AsyncDisposableStack();
    const clients = this.servers.map(({ endpoint }) => new Redis(endpoint));
    for (const client of clients) started.defer(() => client.disconnect());
    await this.#form(clients);
    await this.whole(formTimeoutSeconds);
  }

  async #form(clients: Redis[]): Promise<void> {
    const { primaries } = this.#settings;
    const [first] = clients;
    const ids = await Promise.all(clients.map((client) => client.cluster('MYID')));
    // Epochs of their own, or the nodes would take a while to agree on some.
    await Promise.all(clients.map((client, n) => client.call('CLUSTER', 'SET-CONFIG-EPOCH', n + 1)));
    const firstSlot = (n: number) => Math.floor((n * slots) / primaries);
    for (const [n, client] of clients.slice(0, primaries).entries())
      await client.cluster('ADDSLOTSRANGE', firstSlot(n), firstSlot(n + 1) - 1);
    for (const { endpoint, clusterPort } of this.servers.slice(1))
      await first?.call('CLUSTER', 'MEET', endpoint.host, endpoint.port, clusterPort);
    await waitFor('Meeting of the cluster', formTimeoutSeconds, async () => {
      const views = await Promise.all(clients.map(async (client) => String(await client.cluster('NODES'))));
      return views.every((view) => ids.every((id) => view.includes(id))) ? true : undefined;
    });
    for (const [n, client] of clients.slice(primaries).entries())
      await client.cluster('REPLICATE', ids[n % primaries] ?? '');
  }

  /** The servers that say they are primaries. One that was just cut off or replaced may not know yet. */
  async primaries(): Promise<RedisServer[]> {
    const states = await Promise.all(this.servers.map(stateOf));
    return this.servers.filter((_, n) => states[n]?.isPrimary);
  }

  /** Resolves when every slot is served and every primary has its replicas. */
  async whole(timeoutSeconds: number): Promise<void> {
    const { primaries, replicasPerPrimary } = this.#settings;
    await waitFor('Completing the cluster', timeoutSeconds, async () => {
      const states = await Promise.all(this.servers.map(stateOf));
      const complete = states.filter(
        (state) => state?.isPrimary && state.onlineReplicas === replicasPerPrimary,
      );
      return complete.length === primaries && states.every((state) => state?.isOk) ? true : undefined;
    });
  }

  /** Ends the servers at once: one that is just catching up would not stop in order for a while. */
  async stop(): Promise<void> {
    for (const server of this.servers) server.signal('SIGKILL');
    await Promise.all(this.servers.map((server) => server.stop()));
  }
}

/** What a server says of its part in the cluster; nothing when it does not answer. */
async function stateOf(server: RedisServer) {
  if (!server.isRunning) return undefined;
  const client = new Redis({
    ...server.endpoint,
    retryStrategy: () => null,
    commandTimeout: answerTimeoutMilliseconds,
  });
  client.on('error', () => {});
  try {
    const [replication, cluster] = await Promise.all([client.info('replication'), client.cluster('INFO')]);
    return {
      isPrimary: replication.includes('role:master'),
      onlineReplicas: replication.split('state=online').length - 1,
      isOk: cluster.includes('cluster_state:ok'),
    };
  } catch {
    return undefined;
  } finally {
    client.disconnect();
  }
}
