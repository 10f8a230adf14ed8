import type { Actor } from '@kyong/collaboration';
import type { ClientToServerEvents, RefusalCode, Refused, ServerToClientEvents } from '@kyong/contracts';
import type { Principal } from '@kyong/service-kit';
import type { Socket } from 'socket.io';
import { type Account, type BudgetLimits, defaultBudgetLimits } from './budgets.ts';
import type { BoundedDecoder } from './decoder.ts';
import { type Rate, TokenBucket } from './token-bucket.ts';

export interface SocketLimits extends BudgetLimits {
  events: Rate;
  joins: Rate;
  heartbeat: Heartbeat;
}

/** How often the server asks whether a client is there, and how long it waits for the answer. */
interface Heartbeat {
  intervalSeconds: number;
  timeoutSeconds: number;
}

export const defaultSocketLimits: SocketLimits = {
  // A person's typing and cursor come to 50 a second at most, and are sent together.
  events: { burst: 500, perSecond: 200 },
  joins: { burst: 40, perSecond: 10 },
  heartbeat: { intervalSeconds: 25, timeoutSeconds: 20 },
  ...defaultBudgetLimits,
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
  readonly principal: Principal;
  readonly actor: Actor;
  readonly account: Account;
  readonly #events: TokenBucket;
  readonly #joins: TokenBucket;
  /** A message in pieces leaves no room for an answer to a heartbeat; one with attachments has as long as that. */
  readonly #maxWaitingMilliseconds: number;

  constructor(
    socket: ServiceSocket,
    {
      principal,
      actor,
      account,
      limits,
    }: { principal: Principal; actor: Actor; account: Account; limits: SocketLimits },
  ) {
    this.socket = socket;
    this.principal = principal;
    this.actor = actor;
    this.account = account;
    this.#events = new TokenBucket(limits.events, performance.now());
    this.#joins = new TokenBucket(limits.joins, performance.now());
    const { intervalSeconds, timeoutSeconds } = limits.heartbeat;
    this.#maxWaitingMilliseconds = (intervalSeconds + timeoutSeconds) * 1000;
  }

  /** When its token expires. */
  get expiresAt(): Date {
    return new Date(this.principal.exp * 1000);
  }

  /** Whether it has announced bytes and not sent them, for longer than it may. */
  get isStuck(): boolean {
    const { waitingSince } = (this.socket.client as unknown as { decoder: BoundedDecoder }).decoder;
    return waitingSince !== undefined && performance.now() - waitingSince > this.#maxWaitingMilliseconds;
  }

  /** Whether it may send this now. */
  maySend(event: string): boolean {
    const now = performance.now();
    return this.#events.take(now) && (event !== 'document:join' || this.#joins.take(now));
  }

  /** Answers a refusal, and sends away whoever it is the fault of: who is told when to come back has only to wait. */
  refuse(acknowledge: (answer: Refused) => void, refusal: Omit<Refused, 'ok'>): void {
    acknowledge({ ok: false, ...refusal });
    if (!innocent.has(refusal.code) && refusal.retryAfterMs === undefined) this.socket.disconnect(true);
  }

  /** Breaks the connection in a way that clients make good by themselves: with a new token, and on another server. */
  interrupt(): void {
    this.socket.conn.close();
  }
}
