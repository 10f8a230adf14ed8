import { randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Redis } from 'ioredis';
import {
  endProcess,
  freePort,
  isAlive,
  isPortFreeAgain,
  logTail,
  ServerError,
  startDetached,
  waitFor,
} from './process.ts';
import { findRedis, redisEnvironment } from './redis-binary.ts';
import { ServerFile } from './server-file.ts';

interface ServerState {
  port: number;
  clusterPort: number;
  password: string;
  pid?: number;
}

export interface RedisEndpoint {
  host: '127.0.0.1';
  port: number;
  password: string;
}

export interface RedisSettings {
  /** `always`: what was acknowledged survives a kill. `no`: for tests. */
  fsync: 'always' | 'no';
  /** For a node of a `RedisCluster`, which shares out the slots itself; without it the server has them all. */
  member?: {
    password: string;
    /** After how long a primary that does not answer is replaced. */
    nodeTimeoutMilliseconds: number;
  };
}

const startTimeoutSeconds = 30;
const stopGraceSeconds = 20;
/** Redis Cluster specification: keys are shared out over so many slots. */
export const slots = 16_384;

/**
 * A real Redis (or Valkey) in a folder of its own, in cluster mode: what runs here sees the same rules (one slot a script,
 * redirections) as on AWS. It is a cluster of one shard by itself, or a member of a larger one. A second `start` finds the server running, whoever started it.
 */
export class RedisServer {
  readonly directory: string;
  readonly #settings: RedisSettings;
  readonly #file: ServerFile<ServerState>;

  constructor(directory: string, settings: RedisSettings) {
    this.directory = resolve(directory);
    this.#settings = settings;
    this.#file = new ServerFile(this.directory);
  }

  async start(progress: (line: string) => void): Promise<RedisEndpoint> {
    const launched = this.isRunning ? undefined : await this.#launch(progress);
    const client = this.#connect();
    const ready = waitFor(`Starting Redis in ${this.directory}`, startTimeoutSeconds, () =>
      this.#settings.member ? isLoaded(client) : this.#assignSlots(client),
    );
    ready.catch(() => {});
    await Promise.race(launched ? [ready, launched.rejectsAtEnd] : [ready]).finally(() =>
      client.disconnect(),
    );
    return this.endpoint;
  }

  get endpoint(): RedisEndpoint {
    const { port, password } = this.#file.read();
    return { host: '127.0.0.1', port, password };
  }

  /** Where other members of its cluster reach it. */
  get clusterPort(): number {
    return this.#file.read().clusterPort;
  }

  get isRunning(): boolean {
    if (!this.#file.exists) return false;
    const { pid, port } = this.#file.read();
    return pid !== undefined && isAlive(pid, String(port));
  }

  /** Stops the server; everything acknowledged is on disk. */
  async stop(): Promise<void> {
    if (!this.isRunning) return;
    const { pid, port } = this.#file.read();
    if (pid !== undefined) await endProcess(pid, String(port), 'SIGTERM', stopGraceSeconds);
  }

  /** `SIGKILL` ends it as a power cut would: what is left is picked up by the next `start`. `SIGSTOP` makes it silent. */
  signal(signal: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT'): void {
    if (!this.isRunning) return;
    const { pid } = this.#file.read();
    if (pid !== undefined) process.kill(pid, signal);
  }

  get #log(): string {
    return join(this.directory, 'redis.log');
  }

  #connect(): Redis {
    const client = new Redis({ ...this.endpoint, retryStrategy: () => 50, maxRetriesPerRequest: null });
    // Refused until it listens; the wait above has its own deadline.
    client.on('error', () => {});
    return client;
  }

  /** All slots belong to this one node. Resolves to undefined while the server is not ready. */
  async #assignSlots(client: Redis): Promise<true | undefined> {
    const info = await Promise.race([client.cluster('INFO').catch(() => ''), wait(1000)]);
    if (info.includes('cluster_state:ok')) return true;
    if (info.includes('cluster_slots_assigned:0')) await client.cluster('ADDSLOTSRANGE', 0, slots - 1);
    return undefined;
  }

  /** Starts the process; what it returns rejects when the process ends. */
  async #launch(progress: (line: string) => void): Promise<{ rejectsAtEnd: Promise<never> }> {
    mkdirSync(this.directory, { recursive: true, mode: 0o700 });
    const previous = this.#file.exists ? this.#file.read() : undefined;
    const kept =
      previous && (await isPortFreeAgain(previous.port)) && (await isPortFreeAgain(previous.clusterPort));
    const state: ServerState = {
      port: kept ? previous.port : await freePort(),
      clusterPort: kept ? previous.clusterPort : await freePort(),
      password:
        this.#settings.member?.password ?? previous?.password ?? randomBytes(24).toString('base64url'),
    };
    const binary = await findRedis(progress);
    const configuration = join(this.directory, 'redis.conf');
    writeFileSync(configuration, this.#configuration(state), { mode: 0o600 });
    const { pid, ended } = startDetached(
      // The port stands on the command line so that the process can be told from another that got its id.
      {
        file: binary.file,
        args: [configuration, '--port', String(state.port)],
        options: { env: redisEnvironment(binary) },
      },
      this.#log,
    );
    this.#file.write({ ...state, pid });
    const died = ended.then((code) => {
      throw new ServerError(`Redis in ${this.directory} ended with code ${code}:\n${logTail(this.#log)}`);
    });
    died.catch(() => {});
    return { rejectsAtEnd: died };
  }

  #configuration({ clusterPort, password }: ServerState): string {
    const { member, fsync } = this.#settings;
    return [
      'bind 127.0.0.1',
      `dir "${this.directory}"`,
      `requirepass ${password}`,
      `masterauth ${password}`,
      'cluster-enabled yes',
      `cluster-port ${clusterPort}`,
      // Without it a lone node reports an empty host to cluster clients.
      'cluster-announce-ip 127.0.0.1',
      ...(member
        ? [
            `cluster-node-timeout ${member.nodeTimeoutMilliseconds}`,
            // A primary would wait for more replicas before it sends its data.
            'repl-diskless-sync-delay 0',
          ]
        : []),
      'save ""',
      'appendonly yes',
      `appendfsync ${fsync}`,
      'loglevel warning',
      '',
    ].join('\n');
  }
}

/** Resolves to undefined while the server does not answer, or reads its data. */
async function isLoaded(client: Redis): Promise<true | undefined> {
  const answer = await Promise.race([client.ping().catch(() => ''), wait(1000)]);
  return answer === 'PONG' ? true : undefined;
}

function wait(milliseconds: number): Promise<string> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds, ''));
}
