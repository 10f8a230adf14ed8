import type { DocumentKind, DocumentRole } from '@kyong/contracts';

/** A document of a tenant. Ids of other tenants' documents lead nowhere: everything is looked up with both. */
export interface DocumentRef {
  tenantId: string;
  documentId: string;
}

/** A link of the chain that a document's log is: it names itself and the one before. */
export interface LogEntry {
  seq: number;
  /** Random. Two entries of one number are told apart by it: a failover may take back what nobody was promised. */
  link: string;
  previous: string;
  update: Uint8Array;
}

export interface LogHead {
  seq: number;
  link: string;
}

/** The updates of documents that are not in a snapshot yet. */
export interface UpdateLog {
  /**
   * Entries after `after`. Everything up to `from` is in the snapshot, if it is anywhere. Undefined where there is no log:
   * nobody has begun one, or it was lost.
   */
  read(
    document: DocumentRef,
    after: number,
  ): Promise<{ head: LogHead; from: number; entries: LogEntry[] } | undefined>;
  /** Begins a log that goes on after `seq`, unless there is one. */
  begin(document: DocumentRef, start: { from: number; seq: number }): Promise<void>;
  /**
   * Adds an update, tells every other server that has the document open, and answers when it is durable. Adding it twice
   * does no harm.
   * @returns undefined where there is no log.
   */
  append(document: DocumentRef, update: Uint8Array): Promise<Omit<LogEntry, 'update'> | undefined>;
  /** Drops what is in a snapshot that goes up to this entry. */
  trim(document: DocumentRef, upTo: LogHead): Promise<void>;
  heads(documents: DocumentRef[]): Promise<(LogHead | undefined)[]>;
  /** Documents whose log has waited for a snapshot since then, but for those of some tenants. */
  findWaiting(since: Date, limit: number, except: ReadonlySet<string>): Promise<DocumentRef[]>;
  /** Documents of a tenant whose log waits for a snapshot. */
  findWaitingOf(tenantId: string): Promise<DocumentRef[]>;
  /** The document and its tenant are no more. */
  forget(document: DocumentRef): Promise<void>;
}

export type RoomMessage =
  | ({ type: 'update' } & LogEntry)
  /** Cursors and whose they are, as `RoomAwareness` puts it for servers. */
  | { type: 'awareness'; told: Uint8Array }
  /** A server has just opened the room and knows nobody's cursor. */
  | { type: 'awareness-wanted' }
  | { type: 'presence'; change: 'joined' | 'left'; userId: string };

/** What servers that have the same document open tell each other. It may be lost; whatever must not be is in the log. */
export interface RoomChannel {
  /** Resolves when nothing that is said from now on is missed. Own messages do not come back. */
  open(document: DocumentRef, heard: (message: RoomMessage) => void): Promise<() => Promise<void>>;
  /** Listens again, where a connection may have been lost without anybody's noticing. */
  renew(document: DocumentRef): Promise<void>;
  say(document: DocumentRef, message: Exclude<RoomMessage, { type: 'update' }>): Promise<void>;
}

/** Who has a document open on any server: leases, so that a server that dies leaves no ghosts. */
export interface PresenceStore {
  /** @returns who was there before, on any server. */
  enter(document: DocumentRef, userId: string, now: Date): Promise<string[]>;
  /** @returns whether the user is there no more, on any server. */
  leave(document: DocumentRef, userId: string, now: Date): Promise<boolean>;
  /** Renews the leases of this server's users. @returns users whose servers are gone, each told to one caller only. */
  renew(document: DocumentRef, userIds: string[], now: Date): Promise<string[]>;
}

/** Whose turn it is with a document, on all servers: for what is read, computed from that, and written. */
export interface DocumentTurns {
  /**
   * @param seconds after which it is over, were it not given back.
   * @returns how to give it back; undefined while it is another's.
   */
  take(document: DocumentRef, seconds: number): Promise<(() => Promise<void>) | undefined>;
}

export interface Snapshot {
  state: Uint8Array;
  seq: number;
}

export interface SnapshotStore {
  /** @returns undefined for a document that has none yet. @throws when there is no such document. */
  read(document: DocumentRef): Promise<Snapshot | undefined>;
  /** Takes the lease for writing, if it is free. @returns the fence to write with. */
  claim(document: DocumentRef, seconds: number): Promise<number | undefined>;
  /** Writes and gives the lease back. @returns false when another has taken the lease: nothing was written. */
  write(document: DocumentRef, snapshot: Snapshot, fence: number): Promise<boolean>;
  release(document: DocumentRef, fence: number): Promise<void>;
}

export interface StoredDocument {
  documentId: string;
  kind: DocumentKind;
  title: string;
  createdBy: string;
  createdAt: Date;
  updatedAt: Date;
  /** Given to the person who asks; null for none. */
  given: DocumentRole | null;
}
