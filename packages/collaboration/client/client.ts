import type { RefusalCode } from '@kyong/contracts';
import { ObservableV2 } from 'lib0/observable';
import { io, type ManagerOptions, type SocketOptions } from 'socket.io-client';
import * as Y from 'yjs';
import { DocumentSession } from './document-session.ts';
import type { CollaborationSocket } from './socket.ts';

export interface CollaborationOptions {
  /** Asked each time a connection is made: a token that has expired is replaced by the next. */
  getToken: () => Promise<string>;
  /** What is passed to Socket.IO beside what this client decides itself. */
  socket?: Partial<ManagerOptions & SocketOptions>;
}

export interface OpenOptions {
  /** A document to go on with. */
  doc?: Y.Doc;
  /** Keeps the document in the browser (IndexedDB) as well: it opens without a network, and offline edits survive a reload. */
  persist?: boolean;
  /** Leaves out what the browser keeps of it: after a refusal it has what the server does not take. */
  anew?: boolean;
}

export interface ClientEvents {
  status: (status: 'connected' | 'disconnected') => void;
  /**
   * The server does not let us in. `forbidden` is final, until somebody calls `socket.connect()`; all others are tried again,
   * with the next token.
   */
  refused: (code: RefusalCode) => void;
}

const firstRetryMilliseconds = 250;
const lastRetryMilliseconds = 10_000;
/** A connection that held so long was none that is ended again and again. */
const steadyMilliseconds = 10_000;

/**
 * A connection to the collaboration service, in browsers and in Node: it comes back by itself, with exponential backoff and
 * jitter, moves to another server when its own is stopped, and its documents lose nothing meanwhile.
 */
export class CollaborationClient extends ObservableV2<ClientEvents> {
  readonly socket: CollaborationSocket;
  readonly #sessions = new Map<string, Promise<DocumentSession>>();
  #moveTimer: ReturnType<typeof setTimeout> | undefined;
  #retryTimer: ReturnType<typeof setTimeout> | undefined;
  #failures = 0;
  #connectedAt = 0;

  /** @param url the platform's origin. */
  constructor(url: string, { getToken, socket }: CollaborationOptions) {
    super();
    this.socket = io(url, {
      reconnectionDelay: firstRetryMilliseconds,
      reconnectionDelayMax: lastRetryMilliseconds,
      randomizationFactor: 0.5,
      forceNew: true,
      ...socket,
      auth: (done) => {
        getToken().then(
          (token) => done({ token }),
          () => done({}),
        );
      },
    });
    this.socket.on('connect', () => {
      this.#connectedAt = Date.now();
      this.emit('status', ['connected']);
    });
    this.socket.on('disconnect', (reason) => {
      this.emit('status', ['disconnected']);
      if (Date.now() - this.#connectedAt >= steadyMilliseconds) this.#failures = 0;
      // Socket.IO comes back by itself from anything but this.
      if (reason === 'io server disconnect') this.#comeBack();
    });
    this.socket.on('connect_error', (error) => this.#onRefused(error));
    this.socket.on('server:draining', ({ reconnectAfterMs }) => {
      this.#moveTimer ??= setTimeout(() => {
        this.#moveTimer = undefined;
        this.socket.disconnect().connect();
      }, reconnectAfterMs);
    });
  }

  /** Opens a document, once: the second time it is the same. It is there at once and `synced()` when the server has answered. */
  open(
    documentId: string,
    { doc = new Y.Doc(), persist = false, anew = false }: OpenOptions = {},
  ): Promise<DocumentSession> {
    const known = this.#sessions.get(documentId);
    if (known) return known;
    const opening = this.#open(documentId, { doc, persist, anew });
    this.#sessions.set(documentId, opening);
    return opening;
  }

  close(): void {
    clearTimeout(this.#moveTimer);
    clearTimeout(this.#retryTimer);
    for (const opening of this.#sessions.values()) void opening.then((session) => session.close());
    this.#sessions.clear();
    this.socket.disconnect();
    this.destroy();
  }

  async #open(documentId: string, { doc, persist, anew }: Required<OpenOptions>): Promise<DocumentSession> {
    const kept = persist ? await keepInBrowser(documentId, doc, anew) : undefined;
    const session = new DocumentSession(this.socket, documentId, doc);
    session.on('status', (status) => {
      if (status !== 'closed' && status !== 'refused') return;
      // The next one who opens it tries again.
      this.#sessions.delete(documentId);
      void kept?.destroy();
    });
    return session;
  }

  /** Socket.IO itself comes back after an error of the network, but not when the server has said no. */
  #onRefused(error: Error & { data?: { code?: RefusalCode } }): void {
    const code = error.data?.code;
    if (!code) return;
    this.emit('refused', [code]);
    if (code !== 'forbidden') this.#comeBack();
  }

  #comeBack(): void {
    this.#failures += 1;
    const delay = Math.min(firstRetryMilliseconds * 2 ** this.#failures, lastRetryMilliseconds);
    clearTimeout(this.#retryTimer);
    this.#retryTimer = setTimeout(() => this.socket.connect(), delay * (0.5 + Math.random()));
  }
}

/** Loaded only where it is asked for: Node has no IndexedDB. */
async function keepInBrowser(
  documentId: string,
  doc: Y.Doc,
  anew: boolean,
): Promise<{ destroy(): Promise<void> }> {
  const { clearDocument, IndexeddbPersistence } = await import('y-indexeddb');
  const name = `kyo-document-${documentId}`;
  if (anew) await clearDocument(name);
  const persistence = new IndexeddbPersistence(name, doc);
  await persistence.whenSynced;
  return persistence;
}
