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
import { missingThere } from './missing.ts';
import { Sequence } from './sequence.ts';
import type { CollaborationSocket } from './socket.ts';
import { splitUpdate } from './split-update.ts';

export interface SessionEvents {
  /** `synced`: has all that the server has, and the server all of ours. `refused` is final. */
  status: (status: SessionStatus) => void;
  role: (role: DocumentRole | null) => void;
  'presence:joined': (user: PresentUser) => void;
  'presence:left': (user: PresentUser) => void;
  /** Something was refused; `wayOut` says what can be done. After a final one the status is `refused`. */
  refused: (refusal: Refused & { isFinal: boolean; wayOut: string }) => void;
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

/** What another try will not change, and what can be done about it. */
const finalRefusals: Partial<Record<Refused['code'], string>> = {
  not_found: 'Ask an owner of the document for a role in it.',
  update_refused: 'Open the document anew (`anew`): what was refused goes, what the server has comes back.',
  document_too_large:
    'Take out what is needed no more, in the document opened anew, or begin another document.',
  payload_too_large: 'Make the change in smaller steps, in the document opened anew.',
  too_many_documents: 'Close another document, then open this one again.',
};
const willPass = 'Nothing: it is tried again.';
/** Accidents of the moment that nobody need hear of. */
const unspoken: ReadonlySet<Refused['code']> = new Set<Refused['code']>(['unavailable', 'update_incomplete']);

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
    if (socket.connected) this.#join();
  }

  get status(): SessionStatus {
    return this.#status;
  }

  get role(): DocumentRole | null {
    return this.#role;
  }

  /** Whether every edit of ours is durable on the server, by its own word: not so for what a viewer writes. */
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
    this.#end();
    if (this.#socket.connected)
      this.#socket.emit('document:leave', { documentId: this.documentId }, () => {});
  }

  #end(): void {
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
  }

  readonly #join = (): void => {
    if (this.#isOver) return;
    this.#attempt += 1;
    this.#sending = false;
    this.#setStatus('syncing');
    const { documentId, doc } = this;
    this.#ask<Joined>(
      (socket, done) =>
        socket.emit('document:join', { documentId, stateVector: Y.encodeStateVector(doc) }, done),
      (answer) => {
        this.#catchUp(answer);
        this.#setRole(answer.role);
        // All that the server lacks; what waited to be sent is in it.
        const missing = missingThere(doc, answer);
        this.#unsent = missing ? [missing] : [];
        this.#renewCursor();
        if (this.#unsent.length === 0 || this.#role === 'viewer') this.#setStatus('synced');
        this.#send();
      },
    );
  };

  #send(): void {
    if (this.#sending || this.#role === 'viewer' || !this.#socket.connected) return;
    const { documentId } = this;
    const update = this.#nextUpdate();
    if (!update) {
      if (this.#status === 'syncing') this.#setStatus('synced');
      return;
    }
    this.#sending = true;
    this.#ask<{ seq: number }>(
      (socket, done) => socket.emit('document:update', { documentId, update }, done),
      (answer) => {
        this.#sending = false;
        if (this.#sequence.take(answer.seq)) this.#watchGap();
        this.#send();
      },
    );
  }

  /** As much of what waits as one update may hold. */
  #nextUpdate(): Uint8Array | undefined {
    const { updateBytes } = collaborationLimits;
    const [first, ...others] = this.#unsent;
    if (!first) return undefined;
    if (first.byteLength > updateBytes) {
      const [part, ...rest] = splitUpdate(first, updateBytes);
      this.#unsent = [...rest, ...others];
      return part;
    }
    let [count, bytes] = [0, 0];
    for (const { byteLength } of this.#unsent) {
      bytes += byteLength;
      if (bytes > updateBytes) break;
      count += 1;
    }
    return Y.mergeUpdates(this.#unsent.splice(0, count));
  }

  /** Asks for what did not come. */
  #resync(): void {
    const { documentId, doc } = this;
    this.#ask<CatchUp>(
      (socket, done) =>
        socket.emit('document:sync', { documentId, stateVector: Y.encodeStateVector(doc) }, done),
      (answer) => this.#catchUp(answer),
    );
  }

  #catchUp({ seq, update }: CatchUp): void {
    this.#sequence.reset(seq);
    Y.applyUpdate(this.doc, update, this);
  }

  #watchGap(): void {
    this.#gapTimer ??= setTimeout(() => {
      this.#gapTimer = undefined;
      if (this.#status === 'synced' || this.#status === 'syncing') this.#resync();
    }, gapMilliseconds);
  }

  #onRefused(refusal: Refused): void {
    const wayOut = finalRefusals[refusal.code];
    const isFinal = wayOut !== undefined;
    // Until both have told each other again what the other lacks, nothing counts as saved, and no answer that is still to come.
    const attempt = ++this.#attempt;
    this.#sending = false;
    this.#setStatus(isFinal ? 'refused' : 'syncing');
    if (!unspoken.has(refusal.code))
      this.emit('refused', [{ ...refusal, isFinal, wayOut: wayOut ?? willPass }]);
    if (isFinal) {
      this.#end();
      return;
    }
    const again = () => {
      if (attempt === this.#attempt && this.#socket.connected) this.#join();
    };
    setTimeout(again, refusal.retryAfterMs ?? retryMilliseconds * (0.5 + Math.random()));
  }

  readonly #onEdit = (update: Uint8Array, origin: unknown): void => {
    if (origin === this) return;
    this.#unsent.push(update);
    if (this.#status === 'synced') queueMicrotask(() => this.#send());
  };

  /** So that others see it at once: past the goodbye that the server may have said for us, which counts one on from what it knew. */
  #renewCursor(): void {
    const state = this.awareness.getLocalState();
    if (state === null) return;
    this.awareness.setLocalState(state);
    this.awareness.setLocalState(state);
  }

  readonly #onCursor = (
    changes: Record<'added' | 'updated' | 'removed', number[]>,
    origin: unknown,
  ): void => {
    const own = this.doc.clientID;
    // Others' cursors that have not moved for long are forgotten here, and are not ours to end.
    if (origin === this || ![...changes.added, ...changes.updated, ...changes.removed].includes(own)) return;
    this.#cursorTimer ??= setTimeout(() => {
      this.#cursorTimer = undefined;
      const update = awarenessProtocol.encodeAwarenessUpdate(this.awareness, [own]);
      if (this.#socket.connected)
        this.#socket.emit('awareness:update', { documentId: this.documentId, update }, () => {});
    }, awarenessMilliseconds);
  };

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
    if (event.role === null)
      this.#onRefused({
        ok: false,
        code: 'not_found',
        detail: 'You have no role in this document any more.',
      });
    // What was written as a viewer, and kept, may be sent now.
    else this.#send();
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
   * Asks, and does what is to be done with the answer before anything else that came with it is looked at, such as the end of
   * the connection. Nothing is done once this attempt is over; a refusal, or no answer, is seen to here.
   */
  #ask<Result extends object>(
    send: (socket: PatientSocket, done: (error: Error | null, answer: Answer<Result>) => void) => void,
    take: (answer: Result) => void,
  ): void {
    const attempt = this.#attempt;
    send(this.#socket.timeout(answerMilliseconds), (error, answer) => {
      if (attempt !== this.#attempt || this.#isOver) return;
      if (error) this.#onRefused({ ok: false, code: 'unavailable', detail: 'No answer came.' });
      else if (answer.ok) take(answer);
      else this.#onRefused(answer);
    });
  }
}
