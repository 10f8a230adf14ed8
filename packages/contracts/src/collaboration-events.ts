import { z } from 'zod';
import type { DocumentRole } from './collaboration.ts';

// What goes over Socket.IO, both ways. Binary fields are Yjs encodings, version 1.

/** Bounds of what a client may send; a larger one is refused with `payload_too_large`, then the connection is closed. */
export const collaborationLimits = {
  updateBytes: 256 * 1024,
  stateVectorBytes: 64 * 1024,
  awarenessBytes: 16 * 1024,
  /** Encoded; an update that would make it larger is refused with `document_too_large`. */
  documentBytes: 2 * 1024 * 1024,
  documentsPerSocket: 20,
} as const;

const bytes = (max: number) =>
  z
    .custom<Uint8Array>((value) => value instanceof Uint8Array, 'bytes')
    .refine((value) => value.byteLength <= max, {
      error: `at most ${max} bytes`,
      params: { tooLarge: true },
    });
const documentId = z.uuid();

export const joinPayload = z.object({
  documentId,
  stateVector: bytes(collaborationLimits.stateVectorBytes).optional(),
});
export const leavePayload = z.object({ documentId });
export const updatePayload = z.object({ documentId, update: bytes(collaborationLimits.updateBytes) });
export const syncPayload = z.object({
  documentId,
  stateVector: bytes(collaborationLimits.stateVectorBytes),
});
export const awarenessPayload = z.object({
  documentId,
  update: bytes(collaborationLimits.awarenessBytes),
});

/** Why an event was refused. Clients branch on these. */
export type RefusalCode =
  | 'malformed_request'
  | 'unauthenticated'
  | 'forbidden'
  | 'not_found'
  | 'not_joined'
  | 'payload_too_large'
  | 'document_too_large'
  | 'too_many_documents'
  /** Too much at once. What was not done is to be asked for again, after `retryAfterMs` if it is said. */
  | 'rate_limited'
  /** So many sockets of one person, or of one gym, there are not on one server. */
  | 'too_many_sockets'
  /** It is no Yjs update, or what it makes of the document is not of its kind. */
  | 'update_refused'
  /** It builds on edits that the server has not got: sync, then send what is missing. */
  | 'update_incomplete'
  /** The server has no room to store it: try again after `retryAfterMs`. */
  | 'insufficient_storage'
  | 'unavailable';

export interface Refused {
  ok: false;
  code: RefusalCode;
  detail: string;
  /** When it may work, with `rate_limited` and `insufficient_storage`. */
  retryAfterMs?: number;
}
export type Answer<Result extends object = object> = ({ ok: true } & Result) | Refused;
type Acknowledge<Result extends object = object> = (answer: Answer<Result>) => void;

export interface Joined {
  role: DocumentRole;
  /** All that the client lacks. */
  update: Uint8Array;
  /** What the server has: the client sends what it has beyond that. */
  stateVector: Uint8Array;
  seq: number;
}

export interface ClientToServerEvents {
  'document:join': (payload: z.input<typeof joinPayload>, acknowledge: Acknowledge<Joined>) => void;
  'document:leave': (payload: z.input<typeof leavePayload>, acknowledge: Acknowledge) => void;
  /** Acknowledged once it is durable. */
  'document:update': (
    payload: z.input<typeof updatePayload>,
    acknowledge: Acknowledge<{ seq: number }>,
  ) => void;
  'document:sync': (
    payload: z.input<typeof syncPayload>,
    acknowledge: Acknowledge<{ update: Uint8Array; seq: number }>,
  ) => void;
  'awareness:update': (payload: z.input<typeof awarenessPayload>, acknowledge: Acknowledge) => void;
}

export interface ServerToClientEvents {
  /** `seq` grows by one with every update of a document; after a gap the client asks for `document:sync`. */
  'document:update': (event: { documentId: string; update: Uint8Array; seq: number }) => void;
  'awareness:update': (event: { documentId: string; update: Uint8Array }) => void;
  'presence:joined': (event: { documentId: string; user: PresentUser }) => void;
  'presence:left': (event: { documentId: string; user: PresentUser }) => void;
  /** May no longer do what it could: null for no role any more, and then the document is closed here. */
  'document:role': (event: { documentId: string; role: DocumentRole | null }) => void;
  /** This server stops: connect to another one, after that many milliseconds. */
  'server:draining': (event: { reconnectAfterMs: number }) => void;
}

export interface PresentUser {
  id: string;
}
