import { setTimeout as pause } from 'node:timers/promises';
import { compact, type DocumentRef, readStored } from '@kyong/collaboration';
import type { DocumentKind } from '@kyong/contracts';
import { LiveDocument, type LiveDocumentOptions } from './live-document.ts';

export interface LiveDocumentsOptions extends Omit<LiveDocumentOptions, 'document' | 'kind' | 'onAwareness'> {
  /** A snapshot was written. */
  onSnapshot: (
    document: DocumentRef,
    kind: DocumentKind,
    written: { state: Uint8Array; seq: number },
  ) => Promise<void>;
  /** Kind of a document that is not open here; undefined when it, or its tenant, is no more. */
  kindOf: (document: DocumentRef) => Promise<DocumentKind | undefined>;
}

/** Last-write-wins within this: a cursor that moves thirty times a second looks smooth. */
const awarenessMilliseconds = 33;
/** A subscription that is not back after this is asked for again at the next look. */
const renewMilliseconds = 1_000;
/** Edits wait no longer than this for a snapshot, so that a Redis that loses everything loses little. */
const snapshotAfterMilliseconds = 10_000;
/** Nor do more than this many bytes of them, which is the largest part of what Redis has to hold. */
const snapshotAfterBytes = 4 * 1024 * 1024;
/** A document that nobody needs stays open this long: people come back after a reload. */
const lingerMilliseconds = 5_000;
/** A server that stops waits this long for another that is writing a snapshot of the same document. */
const lastSnapshotMilliseconds = 5_000;
const lastSnapshotRetryMilliseconds = 100;
/** Those whose servers died are looked after by the others. */
const abandonedAfterMilliseconds = 60_000;
const abandonedAtOnce = 20;
/** A gym whose database cannot be had is left alone for this long: its documents keep nobody else's waiting. */
const awayMilliseconds = 60_000;

/** The documents that are open on this server. */
export class LiveDocuments {
  readonly #options: LiveDocumentsOptions;
  readonly #open = new Map<string, Promise<LiveDocument>>();
  readonly #live = new Set<LiveDocument>();
  readonly #withAwareness = new Set<LiveDocument>();
  /** Gyms whose documents cannot be saved, and until when that is not tried again. */
  readonly #away = new Map<string, number>();
  #awarenessTimer: NodeJS.Timeout | undefined;

  constructor(options: LiveDocumentsOptions) {
    this.#options = options;
  }

  get all(): ReadonlySet<LiveDocument> {
    return this.#live;
  }

  get queuedBytes(): number {
    return [...this.#live].reduce((sum, { room }) => sum + room.waitingBytes, 0);
  }

  /** Runs `task` with the document open; whoever enters it in the task keeps it open. */
  async use<T>(
    document: DocumentRef,
    kind: DocumentKind,
    task: (live: LiveDocument) => Promise<T> | T,
  ): Promise<T> {
    const key = keyOf(document);
    const opening = this.#open.get(key) ?? this.#openDocument(key, document, kind);
    const live = await opening;
    // Closed while we waited for it.
    if (this.#open.get(key) !== opening) return this.use(document, kind, task);
    live.holders += 1;
    live.idleSince = undefined;
    try {
      return await task(live);
    } finally {
      live.holders -= 1;
    }
  }

  /** Whether nothing has to be read to show it. */
  isOpen(document: DocumentRef): boolean {
    return this.#open.has(keyOf(document));
  }

  find(document: DocumentRef): LiveDocument | undefined {
    return [...this.#live].find((live) => keyOf(live.document) === keyOf(document));
  }

  /** Compares every open document with its log: what was said may not have reached us. */
  async checkHeads(): Promise<void> {
    const live = [...this.#live];
    const heads = await this.#options.log.heads(live.map(({ document }) => document));
    const behind = live.filter(({ room }, index) => (heads[index]?.seq ?? 0) > room.head.seq);
    for (const [index, { room }] of live.entries()) room.check(heads[index]);
    // A subscription that fails, or does not answer, keeps nobody from reading the log.
    const renewals = behind.map((one) => one.renewSubscription().catch(this.#options.onError));
    await Promise.race([Promise.all(renewals), pause(renewMilliseconds, undefined, { ref: false })]);
  }

  async renewPresence(): Promise<void> {
    await Promise.all([...this.#live].map((live) => live.renewPresence()));
  }

  /** Writes snapshots that are due, and closes what nobody needs. */
  async tidy(): Promise<void> {
    const now = this.#options.now();
    for (const live of this.#live) {
      const isNeeded = live.members.size > 0 || live.holders > 0;
      if (isNeeded) live.idleSince = undefined;
      else live.idleSince ??= now;
      const isIdle = live.idleSince && now.getTime() - live.idleSince.getTime() >= lingerMilliseconds;
      const age = live.editedAt ? now.getTime() - live.editedAt.getTime() : 0;
      const isDue = age >= snapshotAfterMilliseconds || live.editedBytes >= snapshotAfterBytes;
      if (live.editedAt && (isDue || isIdle)) await this.snapshot(live).catch(this.#options.onError);
      if (isIdle && live.members.size === 0 && live.holders === 0) await this.#close(live);
    }
  }

  /** Writes a snapshot of a document now. */
  async snapshot(live: LiveDocument): Promise<void> {
    const written = await live.compact();
    if (written) await this.#options.onSnapshot(live.document, live.kind, written);
  }

  /** Snapshots of documents whose servers are gone. */
  async adopt(): Promise<void> {
    const now = this.#options.now().getTime();
    for (const [tenantId, until] of this.#away) if (until <= now) this.#away.delete(tenantId);
    const since = new Date(now - abandonedAfterMilliseconds);
    const isAway = ({ tenantId }: DocumentRef) => this.#away.has(tenantId);
    let found: DocumentRef[];
    do {
      found = await this.#options.log.findWaiting(since, abandonedAtOnce, new Set(this.#away.keys()));
      for (const document of found) {
        if (this.find(document) || isAway(document)) continue;
        await this.#compact(document).catch((error: unknown) => {
          this.#away.set(document.tenantId, now + awayMilliseconds);
          this.#options.onError(error);
        });
      }
      // Where all were of gyms that are away, others may come after them.
    } while (found.length > 0 && found.every(isAway));
  }

  /**
   * Snapshots of all that is waiting of a gym, wherever its documents are open. False when something still waits: another
   * server is at it, or it did not work.
   */
  async saveAll(tenantId: string): Promise<boolean> {
    const { log, onError } = this.#options;
    for (const document of await log.findWaitingOf(tenantId)) await this.#compact(document).catch(onError);
    return (await log.findWaitingOf(tenantId)).length === 0;
  }

  /** Writes a snapshot of what is stored of a document, open or not. */
  async #compact(document: DocumentRef): Promise<void> {
    const { log, snapshots, kindOf, fold } = this.#options;
    if (!(await kindOf(document))) return log.forget(document);
    await compact({ document, log, snapshots }, async () => {
      const { updates, head } = await readStored({ document, log, snapshots }, 0);
      return { state: await fold(document.tenantId, updates), head };
    });
  }

  /** Everything durable, then snapshots, then closed. */
  async closeAll(): Promise<void> {
    clearTimeout(this.#awarenessTimer);
    await Promise.all(
      [...this.#live].map(async (live) => {
        await live.room.settled();
        await this.#snapshotAtLast(live).catch(this.#options.onError);
        await this.#close(live);
      }),
    );
  }

  /** What another server that stops at the same time has read may lack our last edits. */
  async #snapshotAtLast(live: LiveDocument): Promise<void> {
    const deadline = performance.now() + lastSnapshotMilliseconds;
    while (live.editedAt && performance.now() < deadline) {
      await this.snapshot(live);
      if (live.editedAt) await pause(lastSnapshotRetryMilliseconds);
    }
  }

  #openDocument(key: string, document: DocumentRef, kind: DocumentKind): Promise<LiveDocument> {
    const opening = LiveDocument.open({
      ...this.#options,
      document,
      kind,
      onAwareness: (live) => this.#scheduleAwareness(live),
    });
    this.#open.set(key, opening);
    opening.then(
      (live) => this.#live.add(live),
      () => this.#open.delete(key),
    );
    return opening;
  }

  async #close(live: LiveDocument): Promise<void> {
    this.#open.delete(keyOf(live.document));
    this.#live.delete(live);
    this.#withAwareness.delete(live);
    await live.close().catch(this.#options.onError);
  }

  #scheduleAwareness(live: LiveDocument): void {
    this.#withAwareness.add(live);
    this.#awarenessTimer ??= setTimeout(() => {
      this.#awarenessTimer = undefined;
      for (const one of this.#withAwareness) one.flushAwareness();
      this.#withAwareness.clear();
    }, awarenessMilliseconds);
  }
}

function keyOf({ tenantId, documentId }: DocumentRef): string {
  return `${tenantId}/${documentId}`;
}
