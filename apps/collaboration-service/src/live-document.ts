import {
  compact,
  type DocumentRef,
  type DocumentReplica,
  type LogHead,
  type PresenceStore,
  Room,
  RoomAwareness,
  type RoomChannel,
  type RoomMessage,
  readStored,
  type SnapshotStore,
  type UpdateLog,
} from '@kyong/collaboration';
import type { DocumentKind, DocumentRole, Joined } from '@kyong/contracts';
import type { Metrics } from './metrics.ts';
import { Broadcast, isBusy } from './sockets/broadcast.ts';
import type { Connection } from './sockets/connection.ts';

export interface LiveDocumentOptions {
  document: DocumentRef;
  kind: DocumentKind;
  log: UpdateLog;
  snapshots: SnapshotStore;
  channel: RoomChannel;
  presence: PresenceStore;
  createReplica: (kind: DocumentKind, document: DocumentRef) => DocumentReplica;
  /** Makes one state of a document's updates, without holding up who is served meanwhile. */
  fold: (tenantId: string, updates: Uint8Array[]) => Promise<Uint8Array>;
  now: () => Date;
  metrics: Metrics;
  onError: (error: unknown) => void;
  /** There are cursors to be told of. */
  onAwareness: (live: LiveDocument) => void;
}

interface State {
  state: Uint8Array;
  seq: number;
}

/** A document that is open on this server, and who has it open here. */
export class LiveDocument {
  readonly document: DocumentRef;
  readonly kind: DocumentKind;
  readonly members = new Map<Connection, DocumentRole>();
  /** Since when it has edits that this server has seen in no snapshot. */
  editedAt: Date | undefined;
  /** Bytes of these edits: as many are in Redis. */
  editedBytes = 0;
  /** Since when nobody has needed it. */
  idleSince: Date | undefined;
  holders = 0;
  readonly #options: LiveDocumentOptions;
  readonly #awareness = new RoomAwareness();
  /** What those will have to be told who are about to enter. */
  readonly #entering = new Set<Broadcast<'document:update'>[]>();
  #room: Room | undefined;
  #heardEarly: Extract<RoomMessage, { type: 'update' }>[] = [];
  #unsubscribe: (() => Promise<void>) | undefined;

  private constructor(options: LiveDocumentOptions) {
    this.document = options.document;
    this.kind = options.kind;
    this.#options = options;
  }

  /** Resolves when nothing is missed from now on: others' updates that come while it is read are taken after it. */
  static async open(options: LiveDocumentOptions): Promise<LiveDocument> {
    const { document, channel, onError } = options;
    const live = new LiveDocument(options);
    live.#unsubscribe = await channel.open(document, (message) => {
      try {
        live.#hear(message);
      } catch (error) {
        // What another server says must not end this one.
        onError(error);
      }
    });
    try {
      live.#room = await Room.open({
        ...options,
        onUpdate: (update, seq, source) => live.#tell(update, seq, source),
      });
    } catch (error) {
      await live.#unsubscribe().catch(onError);
      throw error;
    }
    for (const entry of live.#heardEarly) live.room.hear(entry);
    live.#heardEarly = [];
    live.#say({ type: 'awareness-wanted' });
    return live;
  }

  get room(): Room {
    if (!this.#room) throw new Error('The document is not open yet.');
    return this.#room;
  }

  /**
   * Lets a connection in: it is answered with what it lacks, and after that it is told everything that comes.
   * @throws {RoomUnavailable}
   */
  async enter(
    connection: Connection,
    { role, stateVector }: { role: DocumentRole; stateVector: Uint8Array | undefined },
    answer: (joined: Joined) => void,
  ): Promise<void> {
    const meanwhile: Broadcast<'document:update'>[] = [];
    this.#entering.add(meanwhile);
    try {
      const { update, stateVector: ours, head } = await this.room.read(stateVector);
      if (!connection.socket.connected) return;
      answer({ role, update, stateVector: ours, seq: head.seq });
    } finally {
      this.#entering.delete(meanwhile);
    }
    const isMember = this.members.has(connection);
    for (const broadcast of isMember ? [] : meanwhile) broadcast.to(connection.socket);
    this.#register(connection, role);
  }

  /** What a newcomer should know of others' cursors. */
  #greet(connection: Connection): void {
    const update = this.#awareness.everybody();
    const { documentId } = this.document;
    if (update) new Broadcast('awareness:update', { documentId, update }).to(connection.socket);
  }

  leave(connection: Connection): void {
    const { document, presence, now, onError } = this.#options;
    const { userId } = connection.actor;
    if (!this.members.delete(connection)) return;
    this.#awareness.leave(connection);
    if (this.#awareness.hasChanges) this.#options.onAwareness(this);
    if (this.#isHere(userId)) return;
    presence
      .leave(document, userId, now())
      .then((isGone) => {
        if (isGone) this.#announce('left', userId);
      })
      .catch(onError);
  }

  /** @throws {RangeError} for what is no awareness update. */
  takeAwareness(update: Uint8Array, connection: Connection): void {
    this.#awareness.take(update, connection, connection.actor.userId);
    if (this.#awareness.hasChanges) this.#options.onAwareness(this);
  }

  /** Tells everybody what cursors have done since the last time. */
  flushAwareness(): void {
    const changes = this.#awareness.takeChanges();
    if (!changes) return;
    this.#tellAwareness(changes.forClients);
    this.#say({ type: 'awareness', told: changes.forServers });
  }

  async renewPresence(): Promise<void> {
    const { document, presence, now } = this.#options;
    const users = new Set([...this.members.keys()].map(({ actor }) => actor.userId));
    const gone = await presence.renew(document, [...users], now());
    for (const userId of gone) this.#announce('left', userId);
  }

  /** Listens again: what is said may not have reached us. */
  async renewSubscription(): Promise<void> {
    await this.#options.channel.renew(this.document);
  }

  /** Everything that is durable, encoded, and perhaps more. */
  async read(): Promise<{ state: Uint8Array; head: LogHead }> {
    const { update, head } = await this.room.read();
    return { state: update, head };
  }

  /** All that is durable on any server, encoded: what another one has written a moment ago as well. */
  async readStored(): Promise<{ state: Uint8Array; head: LogHead }> {
    const { updates, head } = await readStored(this.#options, this.room.head.seq);
    return { state: await this.#options.fold(this.document.tenantId, updates), head };
  }

  /** @returns the state that was written, or undefined when another server was at it. */
  async compact(): Promise<State | undefined> {
    const { editedAt } = this;
    let read: State | undefined;
    let isWritten = false;
    try {
      isWritten = await compact(this.#options, async () => {
        // What comes while this is read and written is for the next one.
        this.editedAt = undefined;
        this.editedBytes = 0;
        const { state, head } = await this.read();
        read = { state, seq: head.seq };
        return { state, head };
      });
    } finally {
      if (!isWritten) this.editedAt = editedAt;
    }
    return isWritten ? read : undefined;
  }

  async close(): Promise<void> {
    this.#room?.close();
    await this.#unsubscribe?.();
  }

  #register(connection: Connection, role: DocumentRole): void {
    const isFirstHere = !this.#isHere(connection.actor.userId);
    this.members.set(connection, role);
    this.#greet(connection);
    // Presence is a courtesy; the document opens without it.
    this.#sayPresent(connection, isFirstHere).catch(this.#options.onError);
  }

  async #sayPresent(connection: Connection, isFirstHere: boolean): Promise<void> {
    const { document, presence, now } = this.#options;
    const { userId } = connection.actor;
    const others = await presence.enter(document, userId, now());
    if (isFirstHere && !others.includes(userId)) this.#announce('joined', userId, connection);
    const { documentId } = document;
    for (const id of others.filter((other) => other !== userId))
      new Broadcast('presence:joined', { documentId, user: { id } }).to(connection.socket);
  }

  #isHere(userId: string): boolean {
    for (const { actor } of this.members.keys()) if (actor.userId === userId) return true;
    return false;
  }

  #hear(message: RoomMessage): void {
    switch (message.type) {
      case 'update':
        if (this.#room) this.#room.hear(message);
        else this.#heardEarly.push(message);
        return;
      case 'awareness': {
        const news = this.#awareness.hear(message.told);
        if (news) this.#tellAwareness(news);
        return;
      }
      case 'awareness-wanted': {
        const told = this.#awareness.ours();
        if (told) this.#say({ type: 'awareness', told });
        return;
      }
      case 'presence':
        this.#tellPresence(message.change, message.userId);
    }
  }

  #tell(update: Uint8Array, seq: number, source: unknown): void {
    this.editedAt ??= this.#options.now();
    this.editedBytes += update.byteLength;
    this.#options.metrics.updates += 1;
    const { documentId } = this.document;
    const broadcast = new Broadcast('document:update', { documentId, update, seq });
    for (const meanwhile of this.#entering) meanwhile.push(broadcast);
    for (const connection of this.members.keys()) if (connection !== source) broadcast.to(connection.socket);
  }

  #tellAwareness(update: Uint8Array): void {
    const broadcast = new Broadcast('awareness:update', { documentId: this.document.documentId, update });
    for (const { socket } of this.members.keys()) if (!isBusy(socket)) broadcast.to(socket);
  }

  #announce(change: 'joined' | 'left', userId: string, except?: Connection): void {
    this.#tellPresence(change, userId, except);
    this.#say({ type: 'presence', change, userId });
  }

  #tellPresence(change: 'joined' | 'left', id: string, except?: Connection): void {
    const broadcast = new Broadcast(`presence:${change}`, {
      documentId: this.document.documentId,
      user: { id },
    });
    for (const connection of this.members.keys()) if (connection !== except) broadcast.to(connection.socket);
  }

  #say(message: Exclude<RoomMessage, { type: 'update' }>): void {
    this.#options.channel.say(this.document, message).catch(this.#options.onError);
  }
}
