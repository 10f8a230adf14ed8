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
import { isUnavailable } from '@kyong/service-kit';
import { TenantUnavailable } from '@kyong/tenancy';
import type { z } from 'zod';
import type { LiveDocument } from '../live-document.ts';
import type { LiveDocuments } from '../live-documents.ts';
import type { Metrics } from '../metrics.ts';
import { findVisible } from '../tenant-access.ts';
import type { Connection } from './connection.ts';

export interface EventDependencies {
  documents: LiveDocuments;
  tenantPools: TenantPools;
  metrics: Metrics;
  onError: (error: unknown) => void;
}

/** Ends an event with an answer that says why. */
class Refusal extends Error {
  override name = 'Refusal';
  readonly code: RefusalCode;

  constructor(code: RefusalCode, detail: string) {
    super(detail);
    this.code = code;
  }
}

type Handler<Payload> = (payload: Payload) => Promise<object> | object;
// biome-ignore lint/suspicious/noExplicitAny: an answer is whatever its event says; each handler is typed by its schema.
type Acknowledge = (answer: any) => void;

/** Answers what a connection sends. Whatever it sends, it gets an answer if it asks for one, and nobody else notices. */
export function listen(connection: Connection, dependencies: EventDependencies): void {
  const { documents, tenantPools, metrics, onError } = dependencies;
  const { socket, actor } = connection;
  const { tenantId } = actor;
  /** What it has joined, by the document's id; whether it is still let in, the document knows. */
  const opened = new Map<string, LiveDocument>();

  socket.use(([event, ...args], next) => {
    if (connection.maySend(event)) return next();
    connection.refuse(acknowledgeOf(args), 'rate_limited', 'Too many events.');
  });

  on('document:join', joinPayload, async ({ documentId, stateVector }) => {
    const found = await tenantPools.use(tenantId, (pool) => findVisible(pool, actor, documentId));
    if (!found) throw new Refusal('not_found', 'There is no such document for you.');
    return documents.use({ tenantId, documentId }, found.kind, (live) => {
      // Nothing is awaited from here to the answer: what comes after it is what the answer does not have.
      if (!socket.connected) throw new Refusal('unavailable', 'The connection is closed.');
      const { documentsPerSocket } = collaborationLimits;
      if (!opened.has(documentId) && opened.size >= documentsPerSocket)
        throw new Refusal('too_many_documents', `At most ${documentsPerSocket} at a time.`);
      const { room } = live;
      const update = encode(() => room.encode(stateVector));
      opened.set(documentId, live);
      live.enter(connection, found.role);
      setImmediate(() => live.greet(connection));
      return { role: found.role, update, stateVector: room.stateVector, seq: room.head.seq };
    });
  });

  on('document:leave', leavePayload, ({ documentId }) => {
    opened.get(documentId)?.leave(connection);
    opened.delete(documentId);
    return {};
  });

  on('document:update', updatePayload, async ({ documentId, update }) => {
    const live = joined(documentId);
    const role = live.members.get(connection);
    if (!role || !mayEdit(role)) throw new Refusal('forbidden', 'A viewer does not edit.');
    const startedAt = performance.now();
    const seq = await live.room.submit(update, connection);
    metrics.observeFanOut(performance.now() - startedAt);
    return { seq };
  });

  on('document:sync', syncPayload, ({ documentId, stateVector }) => {
    const { room } = joined(documentId);
    return { update: encode(() => room.encode(stateVector)), seq: room.head.seq };
  });

  on('awareness:update', awarenessPayload, ({ documentId, update }) => {
    joined(documentId).takeAwareness(update, connection);
    return {};
  });

  socket.on('disconnect', () => {
    for (const live of opened.values()) live.leave(connection);
  });

  function joined(documentId: string) {
    const live = opened.get(documentId);
    if (!live?.members.has(connection)) throw new Refusal('not_joined', 'Join the document first.');
    return live;
  }

  function on<Schema extends z.ZodType>(
    event: keyof ClientToServerEvents,
    schema: Schema,
    handle: Handler<z.output<Schema>>,
  ): void {
    socket.on(event, async (...args: unknown[]) => {
      const acknowledge = acknowledgeOf(args);
      try {
        acknowledge({ ok: true, ...(await handle(parse(schema, args[0]))) });
      } catch (error) {
        const { code, detail } = refusalOf(error);
        if (code === 'unavailable') onError(error);
        connection.refuse(acknowledge, code, detail);
      }
    });
  }
}

/** The client's function for the answer; one that asks for none gets none. */
function acknowledgeOf(args: unknown[]): Acknowledge {
  const last = args.at(-1);
  return typeof last === 'function' ? (last as Acknowledge) : () => {};
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

function encode(task: () => Uint8Array): Uint8Array {
  try {
    return task();
  } catch {
    throw new Refusal('malformed_request', 'stateVector: is no Yjs state vector');
  }
}

function refusalOf(error: unknown): Omit<Refused, 'ok'> {
  if (error instanceof Refusal || error instanceof UpdateRefused)
    return { code: error.code, detail: error.message };
  if (error instanceof RangeError) return { code: 'malformed_request', detail: error.message };
  if (error instanceof TenantUnavailable && error.reason === 'unknown')
    return { code: 'not_found', detail: 'The gym is not there.' };
  return {
    code: 'unavailable',
    detail: isUnavailable(error) ? 'Try again in a moment.' : 'Something went wrong on our side.',
  };
}
