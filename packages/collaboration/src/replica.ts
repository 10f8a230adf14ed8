import { collaborationLimits, type DocumentKind } from '@kyong/contracts';
import * as Y from 'yjs';
import { defineParts } from './kinds/parts.ts';
import { findFault } from './kinds/validate.ts';

export type UpdateFault = 'update_refused' | 'update_incomplete' | 'document_too_large';

/** An update that does not become part of the document. */
export class UpdateRefused extends Error {
  override name = 'UpdateRefused';
  readonly code: UpdateFault;

  constructor(code: UpdateFault, detail: string, options?: ErrorOptions) {
    super(detail, options);
    this.code = code;
  }
}

/** What was new in updates, if anything was, and of each of them whether everything it builds on was there. */
export interface TakenUpdates {
  merged: Uint8Array | undefined;
  complete: boolean[];
}

/**
 * The server's copy of a document, on whatever thread it is: it does what it is asked in the order in which it is asked. See
 * `Replica` for what each of these is. Any error but `UpdateRefused` means that the copy is lost.
 */
export interface DocumentReplica {
  /** How many bytes it takes at most to encode everything. */
  readonly maxBytes: number;
  load(updates: Uint8Array[]): Promise<boolean>;
  /** @throws {UpdateRefused} */
  take(updates: Uint8Array[]): Promise<TakenUpdates>;
  /** What one with this state vector lacks, and what the document has. */
  encode(stateVector?: Uint8Array): Promise<{ update: Uint8Array; stateVector: Uint8Array }>;
  stateVector(): Promise<Uint8Array>;
  destroy(): void;
}

/** A replica on this thread. */
export function replicaHere(kind: DocumentKind): DocumentReplica {
  const replica = new Replica(kind);
  return {
    get maxBytes() {
      return replica.maxBytes;
    },
    load: async (updates) => replica.load(updates),
    take: async (updates) => replica.take(updates),
    encode: async (stateVector) => ({
      update: replica.encode(stateVector),
      stateVector: replica.stateVector,
    }),
    stateVector: async () => replica.stateVector,
    destroy: () => replica.destroy(),
  };
}

/** Origins of transactions: only what comes from clients is checked. */
const fromClients = Symbol('clients');
const fromLog = Symbol('log');

/** The state vector of an empty document counts no clients. */
const isOfNothing = (stateVector: Uint8Array) => stateVector.length === 1 && stateVector[0] === 0;

/**
 * The server's copy of a document. It takes updates of clients, which it checks, and those of the log, which were checked
 * before they came there. A refused update may have left traces: whoever is refused one throws the replica away and reads
 * the document again.
 */
export class Replica {
  readonly doc = new Y.Doc();
  #emitted: Uint8Array | undefined;
  /** Everything, until something is added: many come at once, and each wants it all. */
  #encoded: Uint8Array | undefined;
  #fault: string | undefined;
  /** What came in since the document was last encoded, and its size then: at least its size now. */
  #bytes = 0;

  constructor(kind: DocumentKind) {
    defineParts(this.doc, kind);
    this.doc.on('update', (update: Uint8Array) => {
      this.#emitted = update;
      this.#encoded = undefined;
      this.#bytes += update.byteLength;
    });
    this.doc.on('afterTransaction', (transaction) => {
      if (transaction.origin !== fromClients) return;
      this.#fault ??= findFault(kind, transaction);
      if (transaction.subdocsAdded.size > 0) this.#fault ??= 'a document holds no documents';
    });
  }

  get stateVector(): Uint8Array {
    return Y.encodeStateVector(this.doc);
  }

  /** How many bytes it takes at most to encode everything. */
  get maxBytes(): number {
    return this.#bytes;
  }

  /** Everything, or what one with this state vector lacks; not to be changed. @throws for one that is none. */
  encode(stateVector?: Uint8Array): Uint8Array {
    if (stateVector && !isOfNothing(stateVector)) return Y.encodeStateAsUpdate(this.doc, stateVector);
    this.#encoded ??= Y.encodeStateAsUpdate(this.doc);
    return this.#encoded;
  }

  /** Takes updates of the log. @returns whether they held anything new. */
  load(updates: Uint8Array[]): boolean {
    this.#emitted = undefined;
    this.doc.transact(() => {
      for (const update of updates) Y.applyUpdate(this.doc, update);
    }, fromLog);
    return this.#emitted !== undefined;
  }

  /**
   * Takes updates of clients, all in one transaction.
   * @throws {UpdateRefused} for all of them: which one was at fault shows when they come one at a time.
   */
  take(updates: Uint8Array[]): TakenUpdates {
    this.#emitted = undefined;
    this.#fault = undefined;
    const complete: boolean[] = [];
    try {
      this.doc.transact(() => {
        for (const update of updates) {
          Y.applyUpdate(this.doc, update);
          complete.push(this.#dropPending());
        }
      }, fromClients);
    } catch (cause) {
      throw new UpdateRefused('update_refused', 'It is no Yjs update.', { cause });
    }
    if (this.#fault !== undefined) throw new UpdateRefused('update_refused', this.#fault);
    const { documentBytes } = collaborationLimits;
    if (this.#bytes > documentBytes && this.measure() > documentBytes)
      throw new UpdateRefused('document_too_large', `A document has ${documentBytes} bytes at most.`);
    return { merged: this.#emitted, complete };
  }

  /** How many bytes it takes to encode everything, exactly: found out by doing so. */
  measure(): number {
    this.#bytes = this.encode().byteLength;
    return this.#bytes;
  }

  destroy(): void {
    this.doc.destroy();
  }

  /** Yjs keeps what it cannot apply yet, without a bound; whoever sent it sends it again. */
  #dropPending(): boolean {
    const { store } = this.doc;
    if (store.pendingStructs === null && store.pendingDs === null) return true;
    store.pendingStructs = null;
    store.pendingDs = null;
    return false;
  }
}
