import { mayEdit, UpdateRefused } from '@kyong/collaboration';
import {
  awarenessPayload,
  type ClientToServerEvents,
  collaborationLimits,
  joinPayload,
  leavePayload,
  type RefusalCode,
  type Refused,
  syncPayload,
  updatePayload,
} from '@kyong/contracts';
import type { TenantPools } from '@kyong/postgres';
import { isOutOfSpace, isUnavailable, Problem } from '@kyong/service-kit';
import { TenantUnavailable } from '@kyong/tenancy';
import * as Y from 'yjs';
import type { z } from 'zod';
import type { LiveDocument } from '../live-document.ts';
import type { LiveDocuments } from '../live-documents.ts';
import type { Metrics } from '../metrics.ts';
import { smallBytes } from '../replica-thread.ts';
import { findVisible } from '../tenant-access.ts';
import { cork, cutIfStalled } from './broadcast.ts';
import type { Connection } from './connection.ts';

export interface EventDependencies {
  documents: LiveDocuments;
  tenantPools: TenantPools;
  metrics: Metrics;
  refusalOfEdits?: () => Problem | undefined;
  onError: (error: unknown) => void;
}

/** When another answer about the same document may be asked for, about. */
const alreadyReadingMilliseconds = 1_000;
/** Somebody has to make room first. */
const noRoomMilliseconds = 5_000;

/** Ends an event with an answer that says why. */
class Refusal extends Error {
  override name = 'Refusal';
  readonly code: RefusalCode;
  readonly retryAfterMs: number | undefined;

  constructor(code: RefusalCode, detail: string, retryAfterMs?: number) {
    super(detail);
    this.code = code;
    this.retryAfterMs = retryAfterMs;
  }
}

/** A connection and what it has joined, by the document's id; whether it is still let in, the document knows. */
interface Session {
  connection: Connection;
  opened: Map<string, LiveDocument>;
  /** Documents of which it is about to be given what it lacks. */
  reading: Set<string>;
  dependencies: EventDependencies;
}

/** Answers by `accept`, or throws why not. */
type Handle<Payload> = (
  session: Session,
  payload: Payload,
  accept: (answer: object) => void,
) => Promise<void> | void;
type Handler = Handle<unknown>;
// biome-ignore lint/suspicious/noExplicitAny: an answer is whatever its event says; each handler is typed by its schema.
type Acknowledge = (answer: any) => void;

/** Answers what a connection sends. Whatever it sends, it gets an answer if it asks for one, and nobody else notices. */
export function listen(connection: Connection, dependencies: EventDependencies): void {
  const session: Session = { connection, opened: new Map(), reading: new Set(), dependencies };
  // One function for all events: a listener for each would be most of what a connection takes of memory.
  connection.socket.use((event) => take(session, event));
  connection.socket.on('disconnect', () => {
    for (const live of session.opened.values()) live.leave(connection);
  });
}

function take(session: Session, [event, ...args]: [event: string, ...unknown[]]): void {
  const { connection, dependencies } = session;
  if (!connection.socket.connected) return;
  const acknowledge = acknowledgeOf(connection, args);
  const { account } = connection;
  const accept = (answer: object) => {
    account.spendBytes(bytesOf(answer));
    acknowledge({ ok: true, ...answer });
  };
  const refuse = (error: unknown) => {
    const refusal = refusalOf(error);
    if (refusal.code === 'unavailable') dependencies.onError(error);
    connection.refuse(acknowledge, refusal);
  };
  try {
    if (!connection.maySend(event)) throw new Refusal('rate_limited', 'Too many events.');
    if (!Object.hasOwn(handlers, event)) return;
    if (event !== 'document:leave') waitFor(account.bytesWait());
    account.spendBytes(bytesOf(args[0]));
    const handling = handlers[event as keyof ClientToServerEvents](session, args[0], accept);
    if (handling instanceof Promise) handling.catch(refuse);
  } catch (error) {
    refuse(error);
  }
}

const handlers: Record<keyof ClientToServerEvents, Handler> = {
  'document:join': on(joinPayload, async (session, { documentId, stateVector }, accept) => {
    const { connection, opened } = session;
    const { documents, tenantPools } = session.dependencies;
    const { actor } = connection;
    const { tenantId } = actor;
    checkStateVector(stateVector);
    if (!documents.isOpen({ tenantId, documentId })) waitFor(connection.account.threadWait());
    const found = await tenantPools.use(tenantId, (pool) => findVisible(pool, actor, documentId));
    if (!found) throw new Refusal('not_found', 'There is no such document for you.');
    await documents.use({ tenantId, documentId }, found.kind, async (live) => {
      const { documentsPerSocket } = collaborationLimits;
      if (!opened.has(documentId) && opened.size >= documentsPerSocket)
        throw new Refusal('too_many_documents', `At most ${documentsPerSocket} at a time.`);
      opened.set(documentId, live);
      try {
        await read(session, live, () => live.enter(connection, { role: found.role, stateVector }, accept));
      } finally {
        if (!live.members.has(connection)) opened.delete(documentId);
      }
    });
  }),

  'document:leave': on(leavePayload, ({ connection, opened }, { documentId }, accept) => {
    opened.get(documentId)?.leave(connection);
    opened.delete(documentId);
    accept({});
  }),

  'document:update': on(updatePayload, async (session, { documentId, update }, accept) => {
    const { connection, dependencies } = session;
    const live = joined(session, documentId);
    const role = live.members.get(connection);
    if (!role || !mayEdit(role)) throw new Refusal('forbidden', 'A viewer does not edit.');
    const refusal = dependencies.refusalOfEdits?.();
    if (refusal) throw refusal;
    const { account } = connection;
    waitFor(account.editWait());
    account.spendWritten(update.byteLength);
    const startedAt = performance.now();
    const seq = await live.room.submit(update, connection).catch((error: unknown) => {
      if (error instanceof UpdateRefused && error.code !== 'update_incomplete')
        account.spendRefused(live.room.maxBytes);
      throw error;
    });
    dependencies.metrics.observeFanOut(performance.now() - startedAt);
    accept({ seq });
  }),

  'document:sync': on(syncPayload, async (session, { documentId, stateVector }, accept) => {
    checkStateVector(stateVector);
    const live = joined(session, documentId);
    await read(session, live, async () => {
      const { update, head } = await live.room.read(stateVector);
      accept({ update, seq: head.seq });
    });
  }),

  'awareness:update': on(awarenessPayload, (session, { documentId, update }, accept) => {
    joined(session, documentId).takeAwareness(update, session.connection);
    accept({});
  }),
};

function on<Schema extends z.ZodType>(schema: Schema, handle: Handle<z.output<Schema>>): Handler {
  return (session, payload, accept) => handle(session, parse(schema, payload), accept);
}

function joined({ connection, opened }: Session, documentId: string): LiveDocument {
  const live = opened.get(documentId);
  if (!live?.members.has(connection)) throw new Refusal('not_joined', 'Join the document first.');
  return live;
}

/** Work that the sender has not paid for yet is not begun. */
function waitFor(milliseconds: number): void {
  if (milliseconds > 0)
    throw new Refusal('rate_limited', 'So much at once is not done for you.', milliseconds);
}

/** Finds out what a connection lacks of a document, once at a time; until that is known it is counted as all of it. */
async function read(
  { connection: { account }, reading }: Session,
  { document: { documentId }, room }: LiveDocument,
  task: () => Promise<void>,
): Promise<void> {
  if (reading.has(documentId))
    throw new Refusal('rate_limited', 'You are about to be told already.', alreadyReadingMilliseconds);
  waitFor(account.bytesWait());
  const reserved = room.maxBytes;
  if (reserved > smallBytes) waitFor(account.threadWait());
  account.spendBytes(reserved);
  reading.add(documentId);
  try {
    await task();
  } finally {
    reading.delete(documentId);
    account.spendBytes(-reserved);
  }
}

/** Of the binary fields of what is sent or answered; the rest is small. */
function bytesOf(payload: unknown): number {
  if (typeof payload !== 'object' || payload === null) return 0;
  return Object.values(payload).reduce(
    (sum: number, value) => (value instanceof Uint8Array ? sum + value.byteLength : sum),
    0,
  );
}

/** The client's function for the answer; one that asks for none gets none. Many edits at once get many answers at once. */
function acknowledgeOf({ socket }: Connection, args: unknown[]): Acknowledge {
  const last = args.at(-1);
  if (typeof last !== 'function') return () => {};
  return (answer) => {
    if (cutIfStalled(socket)) return;
    cork(socket);
    last(answer);
  };
}

function parse<Schema extends z.ZodType>(schema: Schema, payload: unknown): z.output<Schema> {
  const result = schema.safeParse(payload);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const isTooLarge = issue?.code === 'custom' && issue.params?.tooLarge === true;
  throw new Refusal(
    isTooLarge ? 'payload_too_large' : 'malformed_request',
    `${issue?.path.map(String).join('.') ?? ''}: ${issue?.message}`.slice(0, 200),
  );
}

function checkStateVector(stateVector: Uint8Array | undefined): void {
  try {
    if (stateVector) Y.decodeStateVector(stateVector);
  } catch {
    throw new Refusal('malformed_request', 'stateVector: is no Yjs state vector');
  }
}

function refusalOf(error: unknown): Omit<Refused, 'ok'> {
  if (error instanceof Refusal && error.retryAfterMs !== undefined)
    return { code: error.code, detail: error.message, retryAfterMs: error.retryAfterMs };
  if (error instanceof Refusal || error instanceof UpdateRefused)
    return { code: error.code, detail: error.message };
  if (error instanceof Problem && error.code === 'insufficient_storage') return noRoom(error.message);
  if (isOutOfSpace(error)) return noRoom('There is no room for it.');
  if (error instanceof RangeError) return { code: 'malformed_request', detail: error.message };
  if (error instanceof TenantUnavailable && error.reason === 'unknown')
    return { code: 'not_found', detail: 'The gym is not there.' };
  return {
    code: 'unavailable',
    detail: isUnavailable(error) ? 'Try again in a moment.' : 'Something went wrong on our side.',
  };
}

function noRoom(detail: string): Omit<Refused, 'ok'> {
  return { code: 'insufficient_storage', detail, retryAfterMs: noRoomMilliseconds };
}
