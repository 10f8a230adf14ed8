import * as decoding from 'lib0/decoding';
import * as encoding from 'lib0/encoding';

// The encoding of y-protocols: how many, then of each the client's number, its clock, and its state as JSON.

/** That one connection speaks for: a browser tab has one a document. Servers tell each other of whole rooms. */
const maxClientsOfOne = 20;

/** Past this many cursors in one document the ones heard of first are forgotten. */
const maxClients = 2_000;
/** Of so many numbers it is known whose they are, those of people who have left among them. */
const maxOwned = 2 * maxClients;

interface Entry {
  clock: number;
  /** JSON; `null` for one that is gone. */
  state: string;
}

/** @throws {RangeError} for what is no awareness update, or would break those who read it. */
export function decodeAwareness(update: Uint8Array, maxEntries = maxClients): Map<number, Entry> {
  return new Map(readEntries(decoding.createDecoder(update), maxEntries));
}

function readEntries(decoder: decoding.Decoder, maxEntries: number): [client: number, Entry][] {
  try {
    const count = decoding.readVarUint(decoder);
    if (count > maxEntries) throw new RangeError('too many clients');
    return Array.from({ length: count }, () => {
      const client = decoding.readVarUint(decoder);
      const clock = decoding.readVarUint(decoder);
      const state = decoding.readVarString(decoder);
      JSON.parse(state);
      return [client, { clock, state }];
    });
  } catch (cause) {
    throw new RangeError('It is no awareness update.', { cause });
  }
}

export function encodeAwareness(entries: Iterable<[client: number, Entry]>): Uint8Array {
  const list = [...entries];
  const encoder = encoding.createEncoder();
  encoding.writeVarUint(encoder, list.length);
  for (const [client, { clock, state }] of list) {
    encoding.writeVarUint(encoder, client);
    encoding.writeVarUint(encoder, clock);
    encoding.writeVarString(encoder, state);
  }
  return encoding.toUint8Array(encoder);
}

/** Behind what one server tells another stand the persons of its entries, in their order, which clients are not told. */
function withPersons(entries: [client: number, Entry][], personOf: (client: number) => string): Uint8Array {
  const encoder = encoding.createEncoder();
  encoding.writeUint8Array(encoder, encodeAwareness(entries));
  for (const [client] of entries) encoding.writeVarString(encoder, personOf(client));
  return encoding.toUint8Array(encoder);
}

/** @throws {RangeError} */
function decodeWithPersons(bytes: Uint8Array): [client: number, Entry, person: string | undefined][] {
  const decoder = decoding.createDecoder(bytes);
  const entries = readEntries(decoder, maxClients);
  // A server of an older version names nobody.
  return entries.map(([client, entry]) => {
    const person = decoding.hasContent(decoder) ? decoding.readVarString(decoder) : undefined;
    return [client, entry, person || undefined];
  });
}

/**
 * Where everybody in a room has their cursor. What comes within a batch is told once, the last word of each: two hundred
 * cursors that move twenty times a second would otherwise be 800,000 messages.
 *
 * A cursor's number is the person's who first used it, here or on another server, so that nobody moves another's. Of a
 * person's connections the one that spoke last has it: who comes back takes it along before the old connection is missed.
 */
export class RoomAwareness {
  readonly #states = new Map<number, Entry>();
  readonly #persons = new Map<number, string>();
  /** Who spoke last for a number, of the connections here. */
  readonly #speakers = new Map<number, unknown>();
  #changed = new Map<number, Entry>();

  /**
   * Takes what a connection of this server says of its own cursors; what it says of others' is nothing.
   * @throws {RangeError} for what is no awareness update, and past 20 cursors of one connection.
   */
  take(update: Uint8Array, speaker: unknown, person: string): void {
    const entries = decodeAwareness(update, maxClientsOfOne);
    const isNew = (client: number) => this.#speakers.get(client) !== speaker;
    const added = [...entries.keys()].filter(isNew).length;
    if (added > 0 && this.#numbersOf(speaker).length + added > maxClientsOfOne)
      throw new RangeError('These are too many cursors for one connection.');
    for (const [client, entry] of entries) {
      if (!this.#own(client, person)) continue;
      this.#speakers.set(client, speaker);
      if (this.#set(client, entry)) this.#changed.set(client, entry);
    }
  }

  /** Takes what another server has told. @returns what of it is news, for clients. @throws {RangeError} */
  hear(told: Uint8Array): Uint8Array | undefined {
    const news = decodeWithPersons(told).flatMap(([client, entry, person]): [number, Entry][] => {
      if (person !== undefined && !this.#own(client, person)) return [];
      if (!this.#set(client, entry)) return [];
      // It is spoken for there now; a connection here that is missed later takes nothing along.
      this.#speakers.delete(client);
      return [[client, entry]];
    });
    return news.length > 0 ? encodeAwareness(news) : undefined;
  }

  /** The connection is gone, and so are its cursors. */
  leave(speaker: unknown): void {
    for (const client of this.#numbersOf(speaker)) {
      this.#speakers.delete(client);
      const known = this.#states.get(client);
      if (!known) continue;
      const gone = { clock: known.clock + 1, state: 'null' };
      this.#set(client, gone);
      this.#changed.set(client, gone);
    }
  }

  /** What has changed here since it was last asked for. */
  takeChanges(): { forClients: Uint8Array; forServers: Uint8Array } | undefined {
    if (this.#changed.size === 0) return undefined;
    const changed = [...this.#changed];
    this.#changed = new Map();
    return { forClients: encodeAwareness(changed), forServers: this.#withPersons(changed) };
  }

  get hasChanges(): boolean {
    return this.#changed.size > 0;
  }

  /** Everybody who is there, for clients; undefined for nobody. */
  everybody(): Uint8Array | undefined {
    return this.#states.size > 0 ? encodeAwareness(this.#states) : undefined;
  }

  /** Those who are connected here, for other servers. */
  ours(): Uint8Array | undefined {
    const entries = [...this.#states].filter(([client]) => this.#speakers.has(client));
    return entries.length > 0 ? this.#withPersons(entries) : undefined;
  }

  #withPersons(entries: [number, Entry][]): Uint8Array {
    return withPersons(entries, (client) => this.#persons.get(client) ?? '');
  }

  #numbersOf(speaker: unknown): number[] {
    return [...this.#speakers].flatMap(([client, one]) => (one === speaker ? [client] : []));
  }

  /** Whether the number is this person's, which it is when it was nobody's. */
  #own(client: number, person: string): boolean {
    const owner = this.#persons.get(client);
    if (owner !== undefined) return owner === person;
    this.#persons.set(client, person);
    const [oldest] = this.#persons.keys();
    if (this.#persons.size > maxOwned && oldest !== undefined) this.#persons.delete(oldest);
    return true;
  }

  #set(client: number, entry: Entry): boolean {
    const known = this.#states.get(client);
    // The last word holds; of two at one time the one that says goodbye (y-protocols).
    const isNews =
      !known ||
      entry.clock > known.clock ||
      (entry.clock === known.clock && entry.state === 'null' && known.state !== 'null');
    if (!isNews) return false;
    if (entry.state === 'null') this.#states.delete(client);
    else this.#states.set(client, entry);
    for (const oldest of this.#states.keys()) {
      if (this.#states.size <= maxClients) break;
      this.#states.delete(oldest);
    }
    return true;
  }
}
