import type { Actor } from '@kyong/collaboration';
import { type Rate, TokenBucket } from './token-bucket.ts';

/** What one server does for one gym and one person in it. */
export interface BudgetLimits {
  /** Bytes that are sent and answered, by who they are counted for. */
  bytes: { socket: Rate; person: Rate; gym: Rate };
  /** Bytes of a gym's edits: Redis holds them until a snapshot, some ten seconds later. */
  writtenBytes: Rate;
  /** Bytes of documents that are read again because of a person's edits that were refused. */
  refusedBytes: Rate;
  /** Milliseconds of the threads that read and write a gym's large documents. */
  threadMilliseconds: Rate;
  sockets: { ofPerson: number; ofGym: number };
}

const mebibyte = 1024 * 1024;

export const defaultBudgetLimits: BudgetLimits = {
  // A person who comes back with twenty documents of the largest size gets them within ten seconds.
  bytes: {
    socket: { burst: 16 * mebibyte, perSecond: 2 * mebibyte },
    person: { burst: 32 * mebibyte, perSecond: 4 * mebibyte },
    gym: { burst: 128 * mebibyte, perSecond: 16 * mebibyte },
  },
  writtenBytes: { burst: 32 * mebibyte, perSecond: 4 * mebibyte },
  // Four edits of one of the largest size, then one in half a minute; of a small one some thirty, then one in four seconds.
  refusedBytes: { burst: 8 * mebibyte, perSecond: mebibyte / 16 },
  // To open one of the largest size, then a quarter of a thread: it runs on the processor of who is served.
  threadMilliseconds: { burst: 1_000, perSecond: 250 },
  sockets: { ofPerson: 50, ofGym: 1_000 },
};

/** What reading a small document again costs: less is not worth counting. */
const leastRefusedBytes = mebibyte / 4;

/** What the socket, the person and the gym may still have done for them. */
export interface Account {
  /** How long whatever moves bytes has to wait, in ms. */
  bytesWait(): number;
  spendBytes(bytes: number): void;
  /** How long whatever reads a large document has to wait, in ms. */
  threadWait(): number;
  /** How long an edit has to wait beside, in ms. */
  editWait(): number;
  spendWritten(bytes: number): void;
  /** An edit was refused, and a document of so many bytes is read again for it. */
  spendRefused(documentBytes: number): void;
}

/**
 * Work is paid for by whoever causes it: by each socket, and by persons and gyms together, on this server. A debt is waited for
 * by the debtor and by nobody else, and outlives the connection.
 */
export class Budgets {
  readonly #limits: BudgetLimits;
  readonly #buckets = new Map<string, TokenBucket>();
  readonly #sockets = new Map<string, number>();

  constructor(limits: BudgetLimits) {
    this.#limits = limits;
  }

  /** Counts a socket until what is returned is called; undefined when there are too many of the person or of the gym. */
  enter({ tenantId, userId }: Actor): (() => void) | undefined {
    const { ofPerson, ofGym } = this.#limits.sockets;
    const [person, gym] = [`${tenantId}/${userId}`, tenantId];
    if (this.#count(person) >= ofPerson || this.#count(gym) >= ofGym) return undefined;
    for (const who of [person, gym]) this.#sockets.set(who, this.#count(who) + 1);
    return () => {
      for (const who of [person, gym]) {
        const left = this.#count(who) - 1;
        if (left > 0) this.#sockets.set(who, left);
        else this.#sockets.delete(who);
      }
    };
  }

  accountOf({ tenantId, userId }: Actor): Account {
    const { bytes, writtenBytes, refusedBytes } = this.#limits;
    const person = `${tenantId}/${userId}`;
    const socket = new TokenBucket(bytes.socket, performance.now());
    // Joined once: this is asked for every event.
    const names = {
      person: `${person} bytes`,
      gym: `${tenantId} bytes`,
      written: `${tenantId} written`,
      refused: `${person} refused`,
    };
    const ofBytes = () => [
      socket,
      this.#bucket(names.person, bytes.person),
      this.#bucket(names.gym, bytes.gym),
    ];
    const written = () => this.#bucket(names.written, writtenBytes);
    const refused = () => this.#bucket(names.refused, refusedBytes);
    const now = () => performance.now();
    return {
      bytesWait: () => Math.max(...ofBytes().map((bucket) => bucket.debtMilliseconds(now()))),
      spendBytes: (amount) => {
        for (const bucket of ofBytes()) bucket.spend(amount, now());
      },
      threadWait: () => this.threadWait(tenantId),
      editWait: () => Math.max(written().debtMilliseconds(now()), refused().debtMilliseconds(now())),
      spendWritten: (amount) => written().spend(amount, now()),
      spendRefused: (documentBytes) => refused().spend(Math.max(documentBytes, leastRefusedBytes), now()),
    };
  }

  /** How long whatever reads a large document of a gym has to wait, in ms. */
  threadWait(tenantId: string): number {
    const rate = this.#limits.threadMilliseconds;
    return this.#bucket(`${tenantId} thread`, rate).debtMilliseconds(performance.now());
  }

  /** A large document of a gym was read or written. */
  spendThread(tenantId: string, milliseconds: number): void {
    const rate = this.#limits.threadMilliseconds;
    this.#bucket(`${tenantId} thread`, rate).spend(milliseconds, performance.now());
  }

  /** Forgets who owes nothing. */
  tidy(): void {
    const now = performance.now();
    for (const [who, bucket] of this.#buckets) if (bucket.isFull(now)) this.#buckets.delete(who);
  }

  #count(who: string): number {
    return this.#sockets.get(who) ?? 0;
  }

  #bucket(who: string, rate: Rate): TokenBucket {
    const known = this.#buckets.get(who);
    if (known) return known;
    const bucket = new TokenBucket(rate, performance.now());
    this.#buckets.set(who, bucket);
    return bucket;
  }
}
