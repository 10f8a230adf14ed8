import type { DocumentKind } from '@kyong/contracts';
import * as Y from 'yjs';
import { type Submitted, type Taken, takeEach, takeTogether } from './batch.ts';
import { Exclusive } from './exclusive.ts';
import type { DocumentRef, LogEntry, LogHead, RoomMessage, SnapshotStore, UpdateLog } from './ports.ts';
import { readDocument, readStored } from './read-document.ts';
import { Replica, UpdateRefused } from './replica.ts';

/** The log cannot be written at the moment. */
export class RoomUnavailable extends Error {
  override name = 'RoomUnavailable';
}

export interface RoomOptions {
  document: DocumentRef;
  kind: DocumentKind;
  log: UpdateLog;
  snapshots: Pick<SnapshotStore, 'read'>;
  /** In order; `source` is who sent it, if it was one alone. */
  onUpdate: (update: Uint8Array, seq: number, source: unknown) => void;
  onError: (error: unknown) => void;
}

type Arrival = LogEntry & { source: unknown; isOwn: boolean };

/**
 * Entries follow each other no faster than this: the edits of a crowd make fewer and larger ones, each checked, written and
 * told to everybody once. An edit that comes alone does not wait.
 */
const entryMilliseconds = 5;
const maxWaitingBytes = 8 * 1024 * 1024;
/** How long a number may be missing before it is read from the log: others' entries come by another connection than ours. */
const gapMilliseconds = 250;
const firstRetryMilliseconds = 50;
const lastRetryMilliseconds = 1_000;
/** Past this, whoever waits is told, and comes back with what they have; what was taken is tried on. */
const stalledMilliseconds = 5_000;
const rememberedLinks = 200;

/**
 * A document that is open on this server. Updates that come while one is being written are written together, as one entry
 * of the log. The log is a chain; a room follows it link by link, and reads again when a link does not fit: after a lost
 * message, a failover, or a Redis that came back empty.
 */
export class Room {
  readonly document: DocumentRef;
  readonly #options: RoomOptions;
  readonly #exclusive = new Exclusive();
  readonly #recentLinks: string[] = [];
  #replica: Replica;
  #head: LogHead;
  #waiting: Submitted[] = [];
  #waitingBytes = 0;
  #writing: Promise<void> | undefined;
  #stalled = false;
  #arrived = new Map<number, Arrival>();
  #gapTimer: NodeJS.Timeout | undefined;
  #closed = false;

  private constructor(options: RoomOptions, opened: { replica: Replica; head: LogHead }) {
    this.document = options.document;
    this.#options = options;
    this.#replica = opened.replica;
    this.#head = opened.head;
  }

  /** Listen to the document's channel first and hand on what is heard to `hear`, so that nothing falls between. */
  static async open(options: RoomOptions): Promise<Room> {
    return new Room(options, await readDocument(options, 0));
  }

  /** The last update that is delivered. */
  get head(): LogHead {
    return this.#head;
  }

  get doc(): Y.Doc {
    return this.#replica.doc;
  }

  /** How many bytes it takes at most to encode everything. */
  get maxBytes(): number {
    return this.#replica.maxBytes;
  }

  get waitingBytes(): number {
    return this.#waitingBytes;
  }

  /** Everything as of `head`, and perhaps more. */
  get stateVector(): Uint8Array {
    return this.#replica.stateVector;
  }

  encode(stateVector?: Uint8Array): Uint8Array {
    return this.#replica.encode(stateVector);
  }

  /**
   * Takes an update of a client and answers with its number when it is durable.
   * @throws {UpdateRefused} @throws {RoomUnavailable}
   */
  submit(update: Uint8Array, source: unknown): Promise<number> {
    if (this.#closed || this.#stalled || this.#waitingBytes > maxWaitingBytes)
      return Promise.reject(new RoomUnavailable('The document cannot be written at the moment.'));
    const result = new Promise<number>((resolve, reject) => {
      this.#waiting.push({ update, source, resolve, reject });
    });
    this.#waitingBytes += update.byteLength;
    this.#writing ??= this.#writeAll();
    return result;
  }

  /** What another server has added. */
  hear(entry: Extract<RoomMessage, { type: 'update' }>): void {
    this.#arrive({ ...entry, source: undefined, isOwn: false });
  }

  /** Compares with the log's head, which is asked for now and then: a message that was lost may have been the last. */
  check(head: LogHead | undefined): void {
    if (!head) this.#again(() => this.#readAgain());
    else if (head.seq > this.#head.seq) this.#again(() => this.#catchUp());
    else if (!this.#knows(head.link)) this.#again(() => this.#readAgain());
  }

  /** Resolves when everything that was submitted is durable. */
  async settled(): Promise<void> {
    await this.#writing;
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#gapTimer);
  }

  async #writeAll(): Promise<void> {
    // What else comes in this turn of the event loop goes along.
    await new Promise((resolve) => setImmediate(resolve));
    while (this.#waiting.length > 0) {
      const startedAt = performance.now();
      const batch = this.#waiting;
      this.#waiting = [];
      await this.#exclusive.run(() => this.#write(batch));
      for (const { update } of batch) this.#waitingBytes -= update.byteLength;
      const early = startedAt + entryMilliseconds - performance.now();
      if (early > 0) await new Promise((resolve) => setTimeout(resolve, early));
    }
    this.#writing = undefined;
  }

  async #write(batch: Submitted[]): Promise<void> {
    try {
      const { updates, submitted } = await this.#take(batch);
      if (updates.length === 0 && submitted.length === 0) return;
      // Nothing new may still be on its way into the log from elsewhere; the promise is ours.
      const added = updates.length > 0 ? updates : submitted.map(({ update }) => update);
      await this.#append(Y.mergeUpdates(added), submitted);
    } catch (error) {
      for (const { reject } of batch) reject(error as Error);
      this.#options.onError(error);
    }
  }

  /** Takes a batch into the replica; whoever is at fault is told. */
  async #take(batch: Submitted[]): Promise<Taken> {
    try {
      return takeTogether(this.#replica, batch);
    } catch (error) {
      if (!(error instanceof UpdateRefused)) throw error;
      const stored = await this.#discard();
      if (batch.length > 1)
        return takeEach(this.#replica, batch, (updates) => this.#begin([...stored, ...updates]));
      batch[0]?.reject(error);
      return { updates: [], submitted: [] };
    }
  }

  async #append(update: Uint8Array, submitted: Submitted[]): Promise<void> {
    const sources = new Set(submitted.map(({ source }) => source));
    const source = sources.size === 1 ? submitted[0]?.source : undefined;
    const entry = await this.#insist(submitted, async () => {
      const added = await this.#options.log.append(this.document, update);
      // The log is gone. Reading again begins another with all that this replica has.
      if (!added) await this.#resume();
      return added;
    });
    if (entry) this.#arrive({ ...entry, update, source, isOwn: true });
    const seq = entry?.seq ?? this.#head.seq;
    for (const { resolve } of submitted) resolve(seq);
  }

  /** Tries until it works: what was taken is in the replica, so nobody would send it again. */
  async #insist<T>(submitted: Submitted[], task: () => Promise<T>): Promise<T> {
    const startedAt = performance.now();
    for (let pause = firstRetryMilliseconds; ; pause = Math.min(pause * 2, lastRetryMilliseconds)) {
      try {
        const result = await task();
        this.#stalled = false;
        return result;
      } catch (error) {
        if (this.#closed) throw error;
        this.#options.onError(error);
        if (performance.now() - startedAt > stalledMilliseconds) {
          this.#stalled = true;
          const unavailable = new RoomUnavailable('The document cannot be written at the moment.');
          for (const { reject } of submitted) reject(unavailable);
        }
        await new Promise((resolve) => setTimeout(resolve, pause));
      }
    }
  }

  #arrive(entry: Arrival): void {
    if (entry.seq <= this.#head.seq) {
      if (!this.#knows(entry.link)) this.#again(() => this.#readAgain());
      return;
    }
    this.#arrived.set(entry.seq, entry);
    for (;;) {
      const next = this.#arrived.get(this.#head.seq + 1);
      if (!next) break;
      this.#arrived.delete(next.seq);
      if (next.previous !== this.#head.link) {
        // What we have of this number is not what the log has.
        this.#arrived.clear();
        this.#again(() => this.#readAgain());
        return;
      }
      if (!next.isOwn) this.#replica.load([next.update]);
      this.#moveTo(next);
      this.#options.onUpdate(next.update, next.seq, next.source);
    }
    clearTimeout(this.#gapTimer);
    this.#gapTimer = undefined;
    if (this.#arrived.size > 0)
      this.#gapTimer = setTimeout(() => this.#again(() => this.#catchUp()), gapMilliseconds);
  }

  async #catchUp(): Promise<void> {
    const tail = await this.#options.log.read(this.document, this.#head.seq);
    const next = tail?.entries[0];
    const fits = next?.seq === this.#head.seq + 1 && next.previous === this.#head.link;
    if (!tail || (!fits && tail.head.link !== this.#head.link)) return this.#readAgain();
    for (const entry of tail.entries)
      if (!this.#arrived.has(entry.seq)) this.#arrive({ ...entry, source: undefined, isOwn: false });
  }

  async #readAgain(): Promise<void> {
    await this.#insist([], () => this.#resume());
  }

  /** Reads the document again, and gives the log what it has lost and this replica still has. */
  async #resume(): Promise<void> {
    const { replica, head } = await readDocument(this.#options, this.#head.seq);
    const before = this.#replica;
    const gained = replica.encode(before.stateVector);
    const kept = before.encode(replica.stateVector);
    const isMissing = replica.load([kept]);
    if (isMissing && !(await this.#options.log.append(this.document, kept)))
      throw new Error('The log was lost again while it was begun.');
    this.#replica = replica;
    before.destroy();
    this.#arrived.clear();
    this.#moveTo(head);
    this.#options.onUpdate(gained, head.seq, undefined);
    // What was appended, and what came meanwhile, is read in order.
    if (isMissing) await this.#catchUp();
  }

  /** Throws away a replica with traces of a refused update, and reads the document again. @returns what was read. */
  async #discard(): Promise<Uint8Array[]> {
    return this.#insist([], async () => {
      const before = this.#head;
      const { updates, head, entries } = await readStored(this.#options, before.seq);
      this.#begin(updates);
      this.#arrived.clear();
      this.#moveTo(head);
      const missed = entries.filter(({ seq }) => seq > before.seq).map(({ update }) => update);
      if (missed.length > 0) this.#options.onUpdate(Y.mergeUpdates(missed), head.seq, undefined);
      return updates;
    });
  }

  /** Another replica, of these updates. */
  #begin(updates: Uint8Array[]): Replica {
    this.#replica.destroy();
    this.#replica = new Replica(this.#options.kind);
    this.#replica.load(updates);
    return this.#replica;
  }

  #again(task: () => Promise<void>): void {
    if (this.#closed) return;
    this.#exclusive.run(task).catch(this.#options.onError);
  }

  #moveTo({ seq, link }: LogHead): void {
    this.#head = { seq, link };
    this.#recentLinks.push(link);
    if (this.#recentLinks.length > rememberedLinks) this.#recentLinks.shift();
  }

  #knows(link: string): boolean {
    return link === this.#head.link || this.#recentLinks.includes(link);
  }
}
