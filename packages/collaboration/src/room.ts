import type { DocumentKind } from '@kyong/contracts';
import * as Y from 'yjs';
import { type Submitted, type Taken, takeEach, takeTogether } from './batch.ts';
import { Exclusive } from './exclusive.ts';
import type { DocumentRef, LogEntry, LogHead, RoomMessage, SnapshotStore, UpdateLog } from './ports.ts';
import { readStored } from './read-document.ts';
import { type DocumentReplica, UpdateRefused } from './replica.ts';

/** The log cannot be written at the moment. */
export class RoomUnavailable extends Error {
  override name = 'RoomUnavailable';
}

export interface RoomOptions {
  document: DocumentRef;
  kind: DocumentKind;
  log: UpdateLog;
  snapshots: Pick<SnapshotStore, 'read'>;
  createReplica: (kind: DocumentKind, document: DocumentRef) => DocumentReplica;
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
  /** Nobody reads between an edit and the verdict on it: what they read would have traces of what is refused. */
  readonly #verdicts = new Exclusive();
  readonly #recentLinks: string[] = [];
  #replica: DocumentReplica;
  #head: LogHead;
  #waiting: Submitted[] = [];
  #waitingBytes = 0;
  #writing: Promise<void> | undefined;
  #stalled = false;
  #arrived = new Map<number, Arrival>();
  #gapTimer: NodeJS.Timeout | undefined;
  #closed = false;
  /** What is heard while the document is read again is read after it, in order. */
  #isReading = false;
  #missedWhileReading = false;
  /** All that the log has, while edits are taken one by one, so that it can be begun from again. */
  #stored: Uint8Array[] | undefined;

  private constructor(options: RoomOptions, opened: { replica: DocumentReplica; head: LogHead }) {
    this.document = options.document;
    this.#options = options;
    this.#replica = opened.replica;
    this.#head = opened.head;
  }

  /** Listen to the document's channel first and hand on what is heard to `hear`, so that nothing falls between. */
  static async open(options: RoomOptions): Promise<Room> {
    const { updates, head } = await readStored(options, 0);
    const replica = await loaded(options, updates);
    return new Room(options, { replica, head });
  }

  /** The last update that is delivered. */
  get head(): LogHead {
    return this.#head;
  }

  /** How many bytes it takes at most to encode everything. */
  get maxBytes(): number {
    return this.#replica.maxBytes;
  }

  get waitingBytes(): number {
    return this.#waitingBytes;
  }

  /**
   * What one with this state vector lacks, as of the head it comes with, and perhaps more; and what the document has.
   * @throws {RoomUnavailable}
   */
  read(stateVector?: Uint8Array): Promise<{ update: Uint8Array; stateVector: Uint8Array; head: LogHead }> {
    return this.#verdicts.run(async () => {
      const head = this.#head;
      try {
        return { ...(await this.#replica.encode(stateVector)), head };
      } catch (cause) {
        this.#again(() => this.#discard());
        throw new RoomUnavailable('The document is read again at the moment.', { cause });
      }
    });
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
    this.#replica.destroy();
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
      const { updates, submitted } = await this.#verdicts.run(() => this.#take(batch));
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
      return await takeTogether(this.#replica, batch);
    } catch (error) {
      this.#stored = [];
      await this.#discard();
      // Lost, with the thread that it was on: no edit is at fault.
      if (!(error instanceof UpdateRefused))
        throw new RoomUnavailable('The document was read again.', { cause: error });
      if (batch.length > 1)
        return await takeEach(this.#replica, batch, (updates) =>
          this.#begin([...(this.#stored ?? []), ...updates]),
        );
      batch[0]?.reject(error);
      return { updates: [], submitted: [] };
    } finally {
      this.#stored = undefined;
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
    if (this.#isReading && !entry.isOwn) {
      this.#missedWhileReading = true;
      return;
    }
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
      if (!next.isOwn) this.#load(next.update);
      this.#moveTo(next);
      this.#options.onUpdate(next.update, next.seq, next.source);
    }
    clearTimeout(this.#gapTimer);
    this.#gapTimer = undefined;
    if (this.#arrived.size > 0)
      this.#gapTimer = setTimeout(() => this.#again(() => this.#catchUp()), gapMilliseconds);
  }

  /** Takes what is in the log already, and so cannot be refused. */
  #load(update: Uint8Array): void {
    this.#stored?.push(update);
    this.#replica.load([update]).catch((error: unknown) => {
      this.#options.onError(error);
      this.#again(() => this.#discard());
    });
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
    this.#isReading = true;
    this.#missedWhileReading = false;
    try {
      const { updates, head } = await readStored(this.#options, this.#head.seq);
      const replica = await loaded(this.#options, updates);
      const gained = await this.#giveBack(replica).catch((error: unknown) => {
        replica.destroy();
        throw error;
      });
      this.#replica.destroy();
      this.#replica = replica;
      this.#arrived.clear();
      this.#moveTo(head);
      this.#options.onUpdate(gained, head.seq, undefined);
    } finally {
      this.#isReading = false;
    }
    // What was appended, and what came meanwhile, is read in order.
    if (this.#missedWhileReading) await this.#catchUp();
  }

  /** Gives one that was read just now, and the log, what this replica has beyond them. @returns what the other has beyond this. */
  async #giveBack(replica: DocumentReplica): Promise<Uint8Array> {
    const ours = await this.#replica.stateVector().catch(() => undefined);
    const gained = await replica.encode(ours);
    // Lost: there is nothing to give.
    if (!ours) return gained.update;
    const { update } = await this.#replica.encode(gained.stateVector);
    if (!(await replica.load([update]))) return gained.update;
    this.#missedWhileReading = true;
    if (!(await this.#options.log.append(this.document, update)))
      throw new Error('The log was lost again while it was begun.');
    return gained.update;
  }

  /** Throws away a replica that is lost, or has traces of a refused update, and reads the document again. */
  async #discard(): Promise<void> {
    await this.#insist([], async () => {
      const before = this.#head;
      const { updates, head, entries } = await readStored(this.#options, before.seq);
      const begun = this.#begin(updates);
      if (this.#stored) this.#stored = [...updates];
      this.#arrived.clear();
      this.#moveTo(head);
      const missed = entries.filter(({ seq }) => seq > before.seq).map(({ update }) => update);
      if (missed.length > 0) this.#options.onUpdate(Y.mergeUpdates(missed), head.seq, undefined);
      await begun;
    });
  }

  /** Another replica, of these updates. */
  async #begin(updates: Uint8Array[]): Promise<DocumentReplica> {
    const replica = this.#options.createReplica(this.#options.kind, this.document);
    this.#replica.destroy();
    this.#replica = replica;
    await replica.load(updates);
    return replica;
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

async function loaded(
  { createReplica, kind, document }: RoomOptions,
  updates: Uint8Array[],
): Promise<DocumentReplica> {
  const replica = createReplica(kind, document);
  try {
    await replica.load(updates);
    return replica;
  } catch (error) {
    replica.destroy();
    throw error;
  }
}
