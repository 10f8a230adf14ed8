import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { packDirectory, unpackDirectory } from './packed-directory.ts';
import type { PostgresEndpoint } from './postgres-endpoint.ts';
import { ServerError, waitFor } from './process.ts';
import { giveToUnprivileged } from './unprivileged.ts';

/** How much of its past a server keeps, and at what price. The defaults are a laptop's. */
export interface ArchiveLimits {
  /** A change is in the archive after this time at most, even where nothing follows it. */
  timeoutSeconds: number;
  /** How far back it can be had. */
  keepDays: number;
  /** Most base backups kept, however young: with `backupAfterMegabytes` this bounds the disk it takes. */
  keepBackups: number;
  /** A base backup older than this is followed by another, unless next to nothing was written since. */
  backupAfterDays: number;
  /** And so is one that has more log than this after it, however young: a restore replays all of that. */
  backupAfterMegabytes: number;
}

export const defaultArchiveLimits: ArchiveLimits = {
  // RDS archives every five minutes as well. Each time costs a segment of 1 MB where something was written.
  timeoutSeconds: 300,
  keepDays: 3,
  keepBackups: 4,
  backupAfterDays: 1,
  backupAfterMegabytes: 512,
};

/** Log that is replayed in a moment: not worth a base backup. */
const negligibleMegabytes = 16;
const waitForArchiverSeconds = 60;
const dayMilliseconds = 86_400_000;

/** The data as it is copied under a running server, without what it makes anew (PostgreSQL, "Low-Level API" of backups). */
const leftOut = [
  './postmaster.*',
  ...['wal', 'replslot', 'dynshmem', 'notify', 'serial', 'snapshots', 'stat_tmp', 'subtrans'].map(
    (name) => `./pg_${name}/?*`,
  ),
];

interface BaseBackup {
  directory: string;
  /** It holds everything committed before; what was committed later is in the log. */
  takenAt: Date;
}

/**
 * The past of a server, in a folder beside its data: base backups, and the log of all changes (WAL) since the first of
 * them. Any time after the first base backup can be recovered from it.
 */
export class PostgresArchive {
  readonly #directory: string;
  readonly #log: string;
  readonly #backups: string;
  readonly #limits: ArchiveLimits;

  constructor(directory: string, limits: ArchiveLimits) {
    this.#directory = directory;
    this.#log = join(directory, 'wal');
    this.#backups = join(directory, 'base');
    this.#limits = limits;
  }

  /** Makes the folders. Before the server starts: its archiver makes none. */
  async open(): Promise<void> {
    for (const folder of [this.#log, this.#backups]) mkdirSync(folder, { recursive: true, mode: 0o700 });
    await giveToUnprivileged(this.#directory);
  }

  /** With these a server archives: PostgreSQL's own module copies each finished piece of the log, and never over another. */
  get serverSettings(): Record<string, string> {
    return {
      archive_mode: 'on',
      archive_library: 'basic_archive',
      'basic_archive.archive_directory': this.#log,
      archive_timeout: `${this.#limits.timeoutSeconds}s`,
    };
  }

  /** With these a copy of a base backup becomes what the server was at `to`, and then a server of its own. */
  recoverySettings(to: Date): Record<string, string> {
    // Run by a shell, in which %f and %p stand for the names of the files.
    const folder = `'${this.#log.replaceAll("'", "'\\''").replaceAll('%', '%%')}'`;
    return {
      restore_command: `cp ${folder}/%f "%p"`,
      // At this point of a start PostgreSQL knows no names of time zones, not even Z.
      recovery_target_time: to.toISOString().replace('Z', '+00'),
      recovery_target_action: 'promote',
      // Nobody reads from it before it is what it should be.
      hot_standby: 'off',
    };
  }

  /** The earliest time that can be recovered; undefined before the first base backup. */
  get restorableSince(): Date | undefined {
    return this.#baseBackups()[0]?.takenAt;
  }

  /** Whether the next base backup is due: the first one at once, others by age and by how much was written since. */
  isBackupDue(now: Date): boolean {
    const last = this.#baseBackups().at(-1);
    if (!last) return true;
    // A segment is 1 MB.
    const megabytesSince = this.#segments().filter((name) => isFrom(firstSegment(last), name)).length;
    if (megabytesSince > this.#limits.backupAfterMegabytes) return true;
    const ageDays = (now.getTime() - last.takenAt.getTime()) / dayMilliseconds;
    return ageDays >= this.#limits.backupAfterDays && megabytesSince > negligibleMegabytes;
  }

  /** Takes a base backup of a running server, then removes what is kept no longer. One call at a time for a server. */
  async backUp(endpoint: PostgresEndpoint, data: string): Promise<void> {
    const draft = join(this.#backups, 'draft');
    rmSync(draft, { recursive: true, force: true });
    mkdirSync(draft, { mode: 0o700 });
    const client = new pg.Client({ ...endpoint, database: 'postgres', application_name: 'kyo base backup' });
    client.on('error', () => {});
    await client.connect();
    try {
      await client.query(`SET statement_timeout = '${waitForArchiverSeconds}s'`);
      await client.query("SELECT pg_backup_start('kyo', true)");
      await packDirectory(data, leftOut, join(draft, 'data.tar.zst'));
      // PostgreSQL's own wait for the archiver looks once a second.
      const { rows } = await client.query<{ labelfile: string; segment: string }>(
        'SELECT labelfile, pg_walfile_name(lsn) AS segment FROM pg_backup_stop(wait_for_archive => false)',
      );
      const { labelfile = '', segment = '' } = rows[0] ?? {};
      writeFileSync(join(draft, 'backup_label'), labelfile, { flush: true });
      // The log the copy needs, to its last piece: the archiver takes them in their order.
      await this.#archived(segment);
    } finally {
      await client.end();
    }
    const takenAt = new Date();
    renameSync(draft, join(this.#backups, takenAt.toISOString()));
    this.#prune(takenAt);
  }

  /** Everything committed so far is in the archive when this resolves. @throws {ServerError} when the archiver is stuck. */
  async catchUp(endpoint: PostgresEndpoint): Promise<void> {
    const client = new pg.Client({ ...endpoint, database: 'postgres', application_name: 'kyo archive' });
    client.on('error', () => {});
    await client.connect();
    try {
      // A recovery ends at the first commit after its target: here is one, in case nothing else was committed.
      await client.query('SELECT pg_current_xact_id()');
      const { rows } = await client.query<{ segment: string }>(
        'SELECT pg_walfile_name(pg_switch_wal()) AS segment',
      );
      await this.#archived(rows[0]?.segment ?? '');
    } finally {
      await client.end();
    }
  }

  /** Fills an empty folder with the data from which a recovery to `to` begins. @throws {ServerError} when there is none. */
  async unpack(to: Date, data: string): Promise<void> {
    const backup = this.#baseBackups().findLast(({ takenAt }) => takenAt <= to);
    if (!backup) throw new ServerError(`There is no base backup of ${to.toISOString()} or earlier.`);
    mkdirSync(data, { mode: 0o700 });
    await unpackDirectory(join(backup.directory, 'data.tar.zst'), data);
    writeFileSync(join(data, 'backup_label'), readFileSync(join(backup.directory, 'backup_label')));
    writeFileSync(join(data, recoverySignal), '');
  }

  /** Waits until a piece of the log is in the archive. @throws {ServerError} when the archiver is stuck. */
  async #archived(segment: string): Promise<void> {
    const isThere = () => existsSync(join(this.#log, segment)) || undefined;
    await waitFor('Archiving', waitForArchiverSeconds, isThere);
  }

  /** Oldest first. */
  #baseBackups(): BaseBackup[] {
    return listed(this.#backups)
      .filter((name) => name !== 'draft')
      .sort()
      .map((name) => ({ directory: join(this.#backups, name), takenAt: new Date(name) }));
  }

  /** Names of the pieces of the log: timeline and position, in hexadecimal digits. */
  #segments(): string[] {
    return listed(this.#log).filter((name) => /^[0-9A-F]{24}$/.test(name));
  }

  #prune(now: Date): void {
    const backups = this.#baseBackups();
    const horizon = new Date(now.getTime() - this.#limits.keepDays * dayMilliseconds);
    // The window begins between two base backups: the one before it is still needed.
    const needed = backups.findLastIndex(({ takenAt }) => takenAt <= horizon);
    const oldest = Math.max(needed, backups.length - this.#limits.keepBackups, 0);
    for (const { directory } of backups.slice(0, oldest)) rmSync(directory, { recursive: true, force: true });
    const first = backups[oldest];
    if (!first) return;
    // Histories of timelines are small and always needed.
    const old = listed(this.#log).filter(
      (name) => /^[0-9A-F]{24}/.test(name) && !isFrom(firstSegment(first), name),
    );
    for (const name of old) rmSync(join(this.#log, name), { force: true });
  }
}

/** Tells PostgreSQL to recover from an archive; it removes the file when it has become a server of its own. */
export const recoverySignal = 'recovery.signal';

/** The first piece of the log a base backup needs. */
function firstSegment({ directory }: BaseBackup): string {
  const label = readFileSync(join(directory, 'backup_label'), 'utf8');
  const segment = /^START WAL LOCATION: \S+ \(file ([0-9A-F]{24})\)/.exec(label)?.[1];
  if (!segment) throw new ServerError(`The base backup in ${directory} is damaged. Delete that folder.`);
  return segment;
}

/** Whether a piece of the log is `first` or comes after it, on whatever timeline: its first eight digits name that. */
function isFrom(first: string, name: string): boolean {
  return name.slice(8, 24) >= first.slice(8);
}

function listed(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
