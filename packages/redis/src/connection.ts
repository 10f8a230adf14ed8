import { Cluster } from 'ioredis';

export interface RedisConnection {
  /** One or more nodes of the cluster; the others are found through them. */
  nodes: { host: string; port: number }[];
  username?: string;
  password?: string;
  tls?: boolean;
}

/** Reads `redis://user:password@host:port` (`rediss:` with TLS). @throws {TypeError} if it is no URL. */
export function redisConnectionOf(url: string): RedisConnection {
  const { protocol, hostname, port, username, password } = new URL(url);
  return {
    nodes: [{ host: hostname, port: Number(port || 6379) }],
    ...(username && { username: decodeURIComponent(username) }),
    ...(password && { password: decodeURIComponent(password) }),
    tls: protocol === 'rediss:',
  };
}

const connectTimeoutMilliseconds = 2_000;
/** A request waits no longer than this for Redis, whatever state it is in; a script of ours takes far less than 1 ms. */
const commandTimeoutMilliseconds = 2_000;
/** A connection that is asked and says nothing for this long is dead (its host may be gone); another one is made. */
const silenceMilliseconds = 3_000;
/** The same for blocking reads: longer than any of them blocks. */
const blockingSilenceMilliseconds = 10_000;
/** How often a command is sent again after a redirection or a lost connection, 100 ms apart. */
const maxRedirections = 5;
/** Longest pause between attempts to connect. */
const maxReconnectMilliseconds = 1_000;

/**
 * A connection to Redis or Valkey in cluster mode, for requests: while Redis is away a command fails, at once or within
 * two seconds, and never waits in a queue. It connects and connects again by itself; what goes wrong meanwhile goes to
 * `onError`. A command whose connection breaks is sent again, so it may run twice.
 */
export function connectRedis(connection: RedisConnection, onError: (error: Error) => void): Cluster {
  const cluster = new Cluster(connection.nodes, {
    enableOfflineQueue: false,
    maxRedirections,
    clusterRetryStrategy: (attempt) => Math.min(attempt * 100, maxReconnectMilliseconds),
    redisOptions: {
      ...(connection.username && { username: connection.username }),
      ...(connection.password && { password: connection.password }),
      ...(connection.tls && { tls: {} }),
      connectTimeout: connectTimeoutMilliseconds,
      commandTimeout: commandTimeoutMilliseconds,
      socketTimeout: silenceMilliseconds,
    },
    // Certificates name hosts: an address found by ourselves would not match.
    ...(connection.tls && { dnsLookup: (host, callback) => callback(null, host) }),
  });
  cluster.on('error', onError);
  return cluster;
}

/** Resolves once commands can be sent. An attempt that fails on the way is tried again, so it is waited for. */
export async function untilReady(redis: Cluster): Promise<void> {
  if (redis.status !== 'ready') await new Promise<void>((resolve) => redis.once('ready', () => resolve()));
}

/**
 * Another connection to the same Redis, for reads that block: they wait as long as they ask for. What goes wrong is told by
 * the reads.
 */
export function connectForBlocking(redis: Cluster): Cluster {
  const blocking = redis.duplicate([], {
    redisOptions: { commandTimeout: undefined, socketTimeout: blockingSilenceMilliseconds },
  });
  blocking.on('error', () => {});
  return blocking;
}
