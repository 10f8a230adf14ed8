import { randomFillSync } from 'node:crypto';
import { existsSync } from 'node:fs';
import { open, rm, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { Problem } from '@kyong/service-kit';

const mebibyte = 1024 * 1024;
/**
 * With less than this nothing new is begun. What is under way may take some of it: three steps of operations that copy a server
 * of 40 MB each, and what the servers write of changes (WAL) before they tidy up.
 */
const refuseBelowBytes = 256 * mebibyte;
/** Work is taken again when so much is free: more, or it would be refused and taken in turn. */
const takeFromBytes = 320 * mebibyte;
/**
 * What others fill, they fill to the last byte. A server that cannot write its log of changes ends, and does not start again: so
 * a file holds this much from the beginning, and gives it to the servers when they have less than `giveBelowBytes`. A sign-in
 * writes some 10 kB, 100 kB at worst.
 */
const reserveBytes = 64 * mebibyte;
const giveBelowBytes = 64 * mebibyte;

export interface DiskSpaceOptions {
  /** The data directory. */
  directory: string;
  /** Bytes that are free for the account the servers run under. */
  freeBytes?: (directory: string) => Promise<number>;
  /** Told when work begins to be refused, and when it is taken again: in a sentence for people. */
  onChange: (sentence: string) => void;
}

/**
 * Whether the disk has room for new work. Where it has not, people still sign in and read: what is left is for that. The watch
 * has no clock of its own; it looks when it is asked to.
 */
export class DiskSpace {
  readonly #directory: string;
  readonly #reserve: string;
  readonly #freeBytes: (directory: string) => Promise<number>;
  readonly #onChange: (sentence: string) => void;
  #refusal: Problem | undefined;

  constructor({ directory, freeBytes = freeBytesOf, onChange }: DiskSpaceOptions) {
    this.#directory = directory;
    this.#reserve = join(directory, 'reserve');
    this.#freeBytes = freeBytes;
    this.#onChange = onChange;
  }

  /** Why nothing new is stored at present, and what to do; undefined where there was room when it last looked. */
  get refusal(): Problem | undefined {
    return this.#refusal;
  }

  /** Looks at the disk and answers with the refusal there is now. Gives the reserve away where the servers need it. */
  async look(): Promise<Problem | undefined> {
    const free = await this.#freeBytes(this.#directory);
    const kept = await this.#keptBytes();
    if (free < giveBelowBytes && kept > 0) await rm(this.#reserve, { force: true });
    const isShort = free < refuseBelowBytes;
    // The reserve comes first when there is room again.
    const hasRoom = free - (reserveBytes - kept) >= takeFromBytes;
    if (this.#refusal ? !hasRoom : isShort) this.#refuse(free);
    else if (this.#refusal) {
      this.#refusal = undefined;
      this.#onChange('There is room on the disk again, and new work is taken.');
    }
    return this.#refusal;
  }

  /** @throws {Problem} the refusal, where there is one. */
  async check(): Promise<void> {
    if (this.#refusal) throw this.#refusal;
  }

  /** Keeps the reserve where there is room for it and it is not whole. One call at a time. */
  async keepReserve(): Promise<void> {
    const missing = reserveBytes - (await this.#keptBytes());
    const free = await this.#freeBytes(this.#directory);
    if (missing <= 0 || this.#refusal || free - missing < refuseBelowBytes) return;
    // Not zeros: some file systems keep those in no space at all.
    const block = randomFillSync(Buffer.alloc(mebibyte));
    const file = await open(this.#reserve, 'w', 0o600);
    try {
      for (let written = 0; written < reserveBytes; written += mebibyte) await file.write(block);
    } finally {
      await file.close();
    }
  }

  #refuse(free: number): void {
    const detail =
      `${megabytes(free)} are free on the disk of ${this.#directory}, and ${megabytes(takeFromBytes + reserveBytes)} are ` +
      'needed for new work. Delete what is not needed on that disk; work is taken again by itself. Reading and signing in go on.';
    const isNew = this.#refusal === undefined;
    this.#refusal = new Problem('insufficient_storage', { detail });
    if (isNew) this.#onChange(`New work is refused: ${detail}`);
  }

  async #keptBytes(): Promise<number> {
    return stat(this.#reserve).then(
      ({ size }) => size,
      () => 0,
    );
  }
}

/**
 * On the fuller of two disks: for root, PostgreSQL's data may be a link out of the data directory. What a user without privileges
 * may take: root alone may take the last twentieth of many file systems, and PostgreSQL never is root.
 */
async function freeBytesOf(directory: string): Promise<number> {
  const postgres = join(directory, 'postgres', 'master');
  const disks = await Promise.all([statfs(directory), ...(existsSync(postgres) ? [statfs(postgres)] : [])]);
  return Math.min(...disks.map(({ bavail, bsize }) => bavail * bsize));
}

function megabytes(bytes: number): string {
  return `${Math.floor(bytes / mebibyte)} MB`;
}
