import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import { type ArchiveLimits, PostgresArchive, recoverySignal } from './postgres-archive.ts';
import { postgresBinaries } from './postgres-binaries.ts';
import { type PostgresEndpoint, superuser } from './postgres-endpoint.ts';
import {
  endProcess,
  freePort,
  isAlive,
  isPortFreeAgain,
  logTail,
  ServerError,
  serverEnvironment,
  startDetached,
  waitFor,
} from './process.ts';
import { damaged, ServerFile } from './server-file.ts';
import { giveToUnprivileged, makeReachableDirectory, unprivilegedAccount } from './unprivileged.ts';

const run = promisify(execFile);

export interface PostgresSettings {
  maxConnections: number;
  sharedBuffersMegabytes: number;
  /** Off only for tests, whose data nobody needs after a power cut. */
  fsync?: boolean;
  /** Keeps the server's past, so that it can be had as it was. */
  archive?: ArchiveLimits;
}

interface ServerState {
  port: number;
  password: string;
  /** The password the data came with, when it is a copy; replaced at the first start. */
  inheritedPassword?: string;
  /** The settings under which the data, when it is a base backup, becomes what it is to be. */
  recovery?: Record<string, string>;
}

const startTimeoutSeconds = 60;
/** A recovery replays what was written since a base backup. */
const recoveryTimeoutSeconds = 900;
const stopGraceSeconds = 20;

/**
 * A real PostgreSQL server in a folder of its own: data, port, password and log.
 * The folder is all there is to it: a second `start` finds the server running, whoever started it.
 */
export class PostgresServer {
  readonly directory: string;
  readonly #settings: PostgresSettings;
  readonly #file: ServerFile<ServerState>;

  constructor(directory: string, settings: PostgresSettings) {
    this.directory = resolve(directory);
    this.#settings = settings;
    this.#file = new ServerFile(this.directory);
  }

  /** Of a server that has the setting. */
  get archive(): PostgresArchive | undefined {
    const { archive } = this.#settings;
    return archive && new PostgresArchive(join(this.#home, 'archive'), archive);
  }

  get exists(): boolean {
    return this.#file.exists;
  }

  /** The major version of the data, or undefined when there is none. */
  get dataVersion(): number | undefined {
    const file = join(this.#data, 'PG_VERSION');
    return existsSync(file) ? Number(readFileSync(file, 'utf8').trim()) : undefined;
  }

  /** Makes the data directory with initdb. Does nothing where there is one; half of one left by a crash is replaced. */
  async initialise(): Promise<void> {
    if (this.exists) return;
    await this.#assemble(randomBytes(24).toString('base64url'), async (directory, password) => {
      const data = join(directory, 'data');
      const passwordFile = join(directory, 'password');
      writeFileSync(passwordFile, password, { mode: 0o600 });
      await giveToUnprivileged(directory);
      await run(
        join(await postgresBinaries(), 'initdb'),
        [
          `--pgdata=${data}`,
          `--username=${superuser}`,
          `--pwfile=${passwordFile}`,
          '--auth=scram-sha-256',
          '--encoding=UTF8',
          '--locale-provider=builtin',
          '--builtin-locale=C.UTF-8',
          '--locale=C',
          // 1 MB instead of 16: a small server stays small on disk, and a copy of it is quick.
          '--wal-segsize=1',
          '--data-checksums',
          '--no-sync',
        ],
        { ...unprivilegedAccount(), env: serverEnvironment(directory) },
      );
      rmSync(passwordFile);
    });
  }

  /** Makes this server a copy of a stopped one. Does nothing where there is one. Faster than `initialise` by far. */
  async cloneFrom(source: PostgresServer): Promise<void> {
    if (this.exists) return;
    const { inheritedPassword, password } = source.#file.read();
    await this.#assemble(inheritedPassword ?? password, async (directory) => {
      await run('cp', ['-a', source.#data, join(directory, 'data')]);
    });
  }

  /**
   * Makes this server what another one was at `to`; the next start brings it there. The other one runs on, undisturbed.
   * Does nothing where there is a server. @throws {ServerError} when its archive does not reach back so far.
   */
  async recoverFrom(source: PostgresServer, to: Date): Promise<void> {
    if (this.exists) return;
    const { archive } = source;
    if (!archive) throw new ServerError(`The server in ${source.directory} keeps no archive.`);
    await archive.catchUp(await source.start());
    await this.#assemble(
      source.#file.read().password,
      (directory) => archive.unpack(to, join(directory, 'data')),
      { recovery: archive.recoverySettings(to) },
    );
  }

  /** Takes a base backup of the running server into its archive. One call at a time. */
  async backUp(): Promise<void> {
    await this.archive?.backUp(this.endpoint, this.#data);
  }

  /** The same where the archive asks for one, and the server runs. */
  async backUpIfDue(now: Date): Promise<void> {
    if (this.isRunning && this.archive?.isBackupDue(now)) await this.backUp();
  }

  /** Starts the server, or finds it running, and waits until it answers. @throws {ServerError} */
  async start(): Promise<PostgresEndpoint> {
    if (!this.isRunning) await this.#launch();
    await this.#answers();
    await this.#replaceInheritedPassword();
    return this.endpoint;
  }

  #answers(): Promise<true> {
    const seconds = this.#recovers ? recoveryTimeoutSeconds : startTimeoutSeconds;
    return waitFor(`Starting PostgreSQL in ${this.directory}`, seconds, () => this.isReady || undefined);
  }

  get endpoint(): PostgresEndpoint {
    const { port, password } = this.#file.read();
    return { host: '127.0.0.1', port, user: superuser, password };
  }

  get isRunning(): boolean {
    const pid = this.#pid;
    return pid !== undefined && isAlive(pid, this.#data);
  }

  /** Whether the server says it takes connections. */
  get isReady(): boolean {
    return this.isRunning && this.#lockFile()?.[7]?.trim() === 'ready';
  }

  /** Stops the server and waits for its end: running transactions are rolled back, everything committed is kept. */
  async stop(): Promise<void> {
    const pid = this.#pid;
    if (pid !== undefined) await endProcess(pid, this.#data, 'SIGINT', stopGraceSeconds);
  }

  /** Stops the server and deletes its folder. Safe to repeat. */
  async destroy(): Promise<void> {
    await this.stop();
    // Renamed first: a crash half-way through the deletion leaves rubbish, never half a server.
    const rubbish = `${this.directory}.deleted-${randomBytes(4).toString('hex')}`;
    if (existsSync(this.directory)) renameSync(this.directory, rubbish);
    removeWithTarget(rubbish);
  }

  /** The real path: the folder may be a link (see `makeReachableDirectory`). */
  get #home(): string {
    return existsSync(this.directory) ? realpathSync(this.directory) : this.directory;
  }

  get #data(): string {
    return join(this.#home, 'data');
  }

  get #recovers(): boolean {
    return existsSync(join(this.#data, recoverySignal));
  }

  get #log(): string {
    return join(this.directory, 'postgres.log');
  }

  /** PostgreSQL's own lock file: process id, data directory, start time, port, …, state. */
  #lockFile(): string[] | undefined {
    try {
      return readFileSync(join(this.#data, 'postmaster.pid'), 'utf8').split('\n');
    } catch {
      return undefined;
    }
  }

  get #pid(): number | undefined {
    const pid = Number(this.#lockFile()?.[0]);
    return Number.isInteger(pid) && pid > 1 ? pid : undefined;
  }

  /** Fills a draft folder and moves it into place in one step, so that a crash never leaves half a server. */
  async #assemble(
    inherited: string,
    fill: (directory: string, password: string) => Promise<void>,
    more: Pick<ServerState, 'recovery'> = {},
  ): Promise<void> {
    const draft = `${this.directory}.draft`;
    removeWithTarget(draft);
    makeReachableDirectory(draft);
    await fill(realpathSync(draft), inherited);
    await giveToUnprivileged(draft);
    const state: ServerState = {
      port: await freePort(),
      password: randomBytes(24).toString('base64url'),
      inheritedPassword: inherited,
      ...more,
    };
    new ServerFile<ServerState>(draft).write(state);
    removeWithTarget(this.directory);
    renameSync(draft, this.directory);
  }

  async #launch(): Promise<void> {
    const version = this.dataVersion;
    if (version === undefined) {
      throw damaged(this.directory);
    }
    // Whoever runs as root once and as a user the next time keeps the data, as far as the system allows.
    await giveToUnprivileged(this.directory);
    chmodSync(this.#data, 0o700);
    rmSync(join(this.#data, 'postmaster.pid'), { force: true });
    if (!(await isPortFreeAgain(this.#file.read().port)))
      this.#file.write({ ...this.#file.read(), port: await freePort() });

    const { archive } = this;
    await archive?.open();
    const { maxConnections, sharedBuffersMegabytes, fsync = true } = this.#settings;
    const settings = {
      port: this.#file.read().port,
      listen_addresses: '127.0.0.1',
      unix_socket_directories: '',
      max_connections: maxConnections,
      shared_buffers: `${sharedBuffersMegabytes}MB`,
      fsync: fsync ? 'on' : 'off',
      // Many small servers on one machine: little log kept ahead, few helpers, no compiling of queries.
      min_wal_size: '2MB',
      max_wal_size: '256MB',
      max_parallel_workers: 2,
      jit: 'off',
      // A tenant's database is copied to another server while it is in use. Each copy takes a slot and a sender at the source,
      // and workers at the target; as many copies at a time as there are steps of operations.
      wal_level: 'logical',
      max_replication_slots: 40,
      max_wal_senders: 40,
      max_worker_processes: 32,
      max_logical_replication_workers: 24,
      // A copy that falls further behind is lost, and made again: the log it waits for does not fill the disk.
      max_slot_wal_keep_size: '4GB',
      log_timezone: 'UTC',
      timezone: 'UTC',
      ...archive?.serverSettings,
      ...(this.#recovers && this.#file.read().recovery),
    };
    const args = [
      '-D',
      this.#data,
      ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
    ];
    const file = join(await postgresBinaries(), 'postgres');
    const options = { ...unprivilegedAccount(), env: serverEnvironment(this.#home) };
    const { ended } = startDetached({ file, args, options }, this.#log);
    const died = ended.then((code) => {
      throw new ServerError(
        `PostgreSQL in ${this.directory} does not start (code ${code}). If its data is damaged, put it back from a copy; or, ` +
          `to begin anew, delete the data directory. Its log ends with:\n${logTail(this.#log)}`,
      );
    });
    const ready = this.#answers();
    ready.catch(() => {});
    died.catch(() => {});
    await Promise.race([ready, died]);
  }

  async #replaceInheritedPassword(): Promise<void> {
    const { inheritedPassword, ...file } = this.#file.read();
    if (inheritedPassword === undefined) return;
    const client = new pg.Client({ ...this.endpoint, database: 'postgres', password: inheritedPassword });
    try {
      await client.connect();
      await client.query(`ALTER ROLE ${superuser} PASSWORD ${pg.escapeLiteral(file.password)}`);
    } catch (error) {
      // A crash came between the change and its record: the new password is already the valid one.
      const invalidPassword = '28P01';
      if ((error as { code?: string }).code !== invalidPassword) throw error;
    } finally {
      await client.end();
    }
    this.#file.write(file);
  }
}

/** Removes a folder; of a link, the folder it leads to as well. */
function removeWithTarget(path: string): void {
  if (existsSync(path)) rmSync(realpathSync(path), { recursive: true, force: true });
  rmSync(path, { recursive: true, force: true });
}
