import type { Actor } from '@kyong/collaboration';
import type { ClientToServerEvents, RefusalCode, Refused, ServerToClientEvents } from '@kyong/contracts';
import type { Socket } from 'socket.io';
import { type Rate, TokenBucket } from './token-bucket.ts';

export interface SocketLimits {
  events: Rate;
  joins: Rate;
}

export const defaultSocketLimits: SocketLimits = {
  // A person's typing and cursor come to 50 a second at most, and are sent together.
  events: { burst: 500, perSecond: 200 },
  joins: { burst: 40, perSecond: 10 },
};

/** What is an accident of the moment; anything else is a client that does not keep to the protocol, and is sent away. */
const innocent: ReadonlySet<RefusalCode> = new Set<RefusalCode>([
  'forbidden',
  'not_found',
  'not_joined',
  'update_incomplete',
  'unavailable',
]);

type ServiceSocket = Socket<ClientToServerEvents, ServerToClientEvents>;

/** A socket of one person in one tenant, as its token says. */
export class Connection {
  readonly socket: ServiceSocket;
  readonly actor: Actor;
  /** When its token expires. */
  readonly expiresAt: Date;
  readonly #events: TokenBucket;
  readonly #joins: TokenBucket;

  constructor(
    socket: ServiceSocket,
    { actor, expiresAt, limits }: { actor: Actor; expiresAt: Date; limits: SocketLimits },
  ) {
    this.socket = socket;
    this.actor = actor;
    this.expiresAt = expiresAt;
    this.#events = new TokenBucket(limits.events, performance.now());
    this.#joins = new TokenBucket(limits.joins, performance.now());
  }

  /** Whether it may send this now. */
  maySend(event: string): boolean {
    const now = performance.now();
    return this.#events.take(now) && (event !== 'document:join' || this.#joins.take(now));
  }

  /** Answers a refusal, and sends away whoever it is the fault of. */
  refuse(acknowledge: (answer: Refused) => void, code: RefusalCode, detail: string): void {
    acknowledge({ ok: false, code, detail });
    if (!innocent.has(code)) this.socket.disconnect(true);
  }

  /** Breaks the connection in a way that clients make good by themselves: with a new token, and on another server. */
  interrupt(): void {
    this.socket.conn.close();
  }
}
