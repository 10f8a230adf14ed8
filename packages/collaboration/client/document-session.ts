import {
  type Answer,
  collaborationLimits,
  type DocumentRole,
  type Joined,
  type PresentUser,
  type Refused,
} from '@kyong/contracts';
import { ObservableV2 } from 'lib0/observable';
import * as awarenessProtocol from 'y-protocols/awareness';
import * as Y from 'yjs';
import { Sequence } from './sequence.ts';
import type { CollaborationSocket } from './socket.ts';

export interface SessionEvents {
  /** `synced`: has all that the server has, and the server all of ours. `refused` is final. */
  status: (status: SessionStatus) => void;
  role: (role: DocumentRole | null) => void;
  'presence:joined': (user: PresentUser) => void;
  'presence:left': (user: PresentUser) => void;
  refused: (refusal: Refused) => void;
}
export type SessionStatus = 'offline' | 'syncing' | 'synced' | 'refused' | 'closed';

const answerMilliseconds = 10_000;
/** How long a number may be missing: an answer to an update of our own may come after the next one of others. */
const gapMilliseconds = 1_000;
const retryMilliseconds = 1_000;
/** Cursors go out at most this often; the server tells them on at about the same pace. */
const awarenessMilliseconds = 33;

type PatientSocket = ReturnType<CollaborationSocket['timeout']>;

/** What a document lacks here, up to this number. */
interface CatchUp {
  seq: number;
  update: Uint8Array;
}

/** What another try will not change. */
const final: ReadonlySet<Refused['code']> = new Set<Refused['code']>([
  'not_found',
  'update_refused',
  'document_too_large',
  'too_many_documents',
]);

/**
 * A document that is open: its Y.Doc is kept equal to the server's. Edits that are made offline, or that the server has not
 * answered for, are in the Y.Doc, and each time the connection comes back the two tell each other what the other lacks.
 */
export class DocumentSession extends ObservableV2<SessionEvents> {
  readonly documentId: string;
  readonly doc: Y.Doc;
  readonly awareness: awarenessProtocol.Awareness;
  readonly #socket: CollaborationSocket;
  readonly #sequence = new Sequence();
  #status: SessionStatus = 'offline';
  #role: DocumentRole | null = null;
  /** Edits that were not sent yet. */
  #unsent: Uint8Array[] = [];
  #sending = false;
  #cursors = new Set<number>();
  #cursorTimer: ReturnType<typeof setTimeout> | undefined;
  #gapTimer: ReturnType<typeof setTimeout> | undefined;
  /** Grows with every connection: an answer to an earlier one says nothing about this one. */
  #attempt = 0;

  constructor(socket: CollaborationSocket, documentId: string, doc: Y.Doc) {
    super();
    this.documentId = documentId;
    this.doc = doc;
    this.awareness = new awarenessProtocol.Awareness(doc);
    this.#socket = socket;
    doc.on('update', this.#onEdit);
    this.awareness.on('update', this.#onCursor);
    socket.on('connect', this.#join);
    socket.on('disconnect', this.#onDisconnect);
    socket.on('document:update', this.#onUpdate);
    socket.on('awareness:update', this.#onAwareness);
    socket.on('presence:joined', this.#onJoined);
    socket.on('presence:left', this.#onLeft);
    socket.on('document:role', this.#onRole);
    if (socket.connected) void this.#join();
  }

  get status(): SessionStatus {
    return this.#status;
  }

  get role(): DocumentRole | null {
    return this.#role;
  }

  /** Whether every edit of ours is durable on the server. */
  get isSaved(): boolean {
    return this.#status === 'synced' && !this.#sending && this.#unsent.length === 0;
  }

  /** Resolves once `synced`. Rejects when the server refuses the document. */
  async synced(): Promise<void> {
    if (this.#status === 'synced') return;
    await new Promise<void>((resolve, reject) => {
      const check = (status: SessionStatus) => {
        if (status !== 'synced' && status !== 'refused' && status !== 'closed') return;
        this.off('status', check);
        if (status === 'synced') resolve();
        else reject(new Error(`The document is ${status}.`));
      };
      this.on('status', check);
      check(this.#status);
    });
  }

  /** Leaves the document; the Y.Doc stays as it is. */
  close(): void {
    if (this.#status === 'closed') return;
    this.#setStatus('closed');
    clearTimeout(this.#cursorTimer);
    clearTimeout(this.#gapTimer);
    this.awareness.destroy();
    this.doc.off('update', this.#onEdit);
    const socket = this.#socket;
    socket.off('connect', this.#join);
    socket.off('disconnect', this.#onDisconnect);
    socket.off('document:update', this.#onUpdate);
    socket.off('awareness:update', this.#onAwareness);
    socket.off('presence:joined', this.#onJoined);
    socket.off('presence:left', this.#onLeft);
    socket.off('document:role', this.#onRole);
    if (socket.connected) socket.emit('document:leave', { documentId: this.documentId }, () => {});
  }

  readonly #join = async (): Promise<void> => {
    if (this.#isOver) return;
    this.#attempt += 1;
    this.#setStatus('syncing');
    const { documentId, doc } = this;
    const answer = await this.#ask<Joined>((socket, done) =>
      socket.emit('document:join', { documentId, stateVector: Y.encodeStateVector(doc) }, done),
    );
    if (!answer) return;
    this.#catchUp(answer);
    this.#setRole(answer.role);
    // All that the server lacks; what waited to be sent is in it.
    this.#unsent = hasMore(this.doc, answer.stateVector)
      ? [Y.encodeStateAsUpdate(this.doc, answer.stateVector)]
      : [];
    if (this.#role === 'viewer') this.#unsent = [];
    if (this.awareness.getLocalState() !== null) this.#sendCursors(new Set([this.doc.clientID]));
    if (this.#unsent.length === 0) this.#setStatus('synced');
    this.#sending = false;
    void this.#send();
  };

  async #send(): Promise<void> {
    if (this.#sending || this.#role === 'viewer') return;
    this.#sending = true;
    const { documentId } = this;
    while (this.#unsent.length > 0 && this.#socket.connected) {
      const update = this.#nextUpdate();
      const answer = await this.#ask<{ seq: number }>((socket, done) =>
        socket.emit('document:update', { documentId, update }, done),
      );
      if (!answer) return;
      if (this.#sequence.take(answer.seq)) this.#watchGap();
    }
    this.#sending = false;
    if (this.#status === 'syncing' && this.#socket.connected) this.#setStatus('synced');
  }

  /** As much of what waits as one update may hold. */
  #nextUpdate(): Uint8Array {
    const merged = Y.mergeUpdates(this.#unsent);
    if (merged.byteLength <= collaborationLimits.updateBytes) {
      this.#unsent = [];
      return merged;
    }
    return this.#unsent.shift() ?? merged;
  }

  /** Asks for what did not come. */
  async #resync(): Promise<void> {
    const { documentId, doc } = this;
    const answer = await this.#ask<CatchUp>((socket, done) =>
      socket.emit('document:sync', { documentId, stateVector: Y.encodeStateVector(doc) }, done),
    );
    if (answer) this.#catchUp(answer);
  }

  #catchUp({ seq, update }: CatchUp): void {
    this.#sequence.reset(seq);
    Y.applyUpdate(this.doc, update, this);
  }

  #watchGap(): void {
    this.#gapTimer ??= setTimeout(() => {
      this.#gapTimer = undefined;
      if (this.#status === 'synced' || this.#status === 'syncing') void this.#resync();
    }, gapMilliseconds);
  }

  #onRefused(refusal: Refused): void {
    if (final.has(refusal.code)) {
      this.#setStatus('refused');
      this.emit('refused', [refusal]);
      return;
    }
    // Both tell each other again what the other lacks, in a while. Until then nothing counts as saved, and no answer that is
    // still to come.
    const attempt = ++this.#attempt;
    this.#sending = false;
    this.#setStatus('syncing');
    setTimeout(
      () => {
        if (attempt === this.#attempt && this.#socket.connected) void this.#join();
      },
      retryMilliseconds * (0.5 + Math.random()),
    );
  }

  readonly #onEdit = (update: Uint8Array, origin: unknown): void => {
    if (origin === this) return;
    this.#unsent.push(update);
    if (this.#status === 'synced') queueMicrotask(() => void this.#send());
  };

  readonly #onCursor = (
    changes: Record<'added' | 'updated' | 'removed', number[]>,
    origin: unknown,
  ): void => {
    if (origin === this) return;
    this.#sendCursors(new Set([...changes.added, ...changes.updated, ...changes.removed]));
  };

  #sendCursors(clients: Set<number>): void {
    for (const client of clients) this.#cursors.add(client);
    this.#cursorTimer ??= setTimeout(() => {
      this.#cursorTimer = undefined;
      const update = awarenessProtocol.encodeAwarenessUpdate(this.awareness, [...this.#cursors]);
      this.#cursors.clear();
      if (this.#socket.connected)
        this.#socket.emit('awareness:update', { documentId: this.documentId, update }, () => {});
    }, awarenessMilliseconds);
  }

  readonly #onUpdate = (event: { documentId: string; update: Uint8Array; seq: number }): void => {
    if (event.documentId !== this.documentId) return;
    Y.applyUpdate(this.doc, event.update, this);
    if (this.#sequence.take(event.seq)) this.#watchGap();
  };

  readonly #onAwareness = (event: { documentId: string; update: Uint8Array }): void => {
    if (event.documentId === this.documentId)
      awarenessProtocol.applyAwarenessUpdate(this.awareness, event.update, this);
  };

  readonly #onJoined = (event: { documentId: string; user: PresentUser }): void => {
    if (event.documentId === this.documentId) this.emit('presence:joined', [event.user]);
  };

  readonly #onLeft = (event: { documentId: string; user: PresentUser }): void => {
    if (event.documentId === this.documentId) this.emit('presence:left', [event.user]);
  };

  readonly #onRole = (event: { documentId: string; role: DocumentRole | null }): void => {
    if (event.documentId !== this.documentId) return;
    this.#setRole(event.role);
    if (event.role === null) this.#setStatus('refused');
  };

  readonly #onDisconnect = (): void => {
    if (this.#isOver) return;
    this.#attempt += 1;
    this.#sending = false;
    const others = [...this.awareness.getStates().keys()].filter((client) => client !== this.doc.clientID);
    awarenessProtocol.removeAwarenessStates(this.awareness, others, this);
    this.#setStatus('offline');
  };

  get #isOver(): boolean {
    return this.#status === 'closed' || this.#status === 'refused';
  }

  #setStatus(status: SessionStatus): void {
    if (this.#status === status) return;
    this.#status = status;
    this.emit('status', [status]);
  }

  #setRole(role: DocumentRole | null): void {
    if (this.#role === role) return;
    this.#role = role;
    this.emit('role', [role]);
  }

  /**
   * What the server answers; nothing once this attempt is over, or when it refuses, or does not answer, which is seen to here.
   */
  async #ask<Result extends object>(
    send: (socket: PatientSocket, done: (error: Error | null, answer: Answer<Result>) => void) => void,
  ): Promise<(Result & { ok: true }) | undefined> {
    const attempt = this.#attempt;
    const answer = await new Promise<Answer<Result>>((resolve) => {
      send(this.#socket.timeout(answerMilliseconds), (error, given) =>
        resolve(error ? { ok: false, code: 'unavailable', detail: 'No answer came.' } : given),
      );
    });
    if (attempt !== this.#attempt || this.#isOver) return undefined;
    if (answer.ok) return answer;
    this.#onRefused(answer);
    return undefined;
  }
}

/** Whether a document holds anything that one with this state vector may lack. */
function hasMore(doc: Y.Doc, stateVector: Uint8Array): boolean {
  const theirs = Y.decodeStateVector(stateVector);
  const update = Y.decodeUpdate(Y.encodeStateAsUpdate(doc, stateVector));
  return update.structs.length > 0 || update.ds.clients.size > 0 || theirs.size === 0;
}
