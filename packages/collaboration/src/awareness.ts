import * as decoding from 'lib0/decoding';
import * as encoding from 'lib0/encoding';

// The encoding of y-protocols: how many, then of each the client's number, its clock, and its state as JSON.

/** In what one client sends: more than one person's browser tabs. Servers tell each other of whole rooms. */
const maxClientsOfOne = 100;

/** Past this many cursors in one document the ones heard of first are forgotten. */
const maxClients = 2_000;

interface Entry {
  clock: number;
  /** JSON; `null` for one that is gone. */
  state: string;
}

/** @throws {RangeError} for what is no awareness update, or would break those who read it. */
export function decodeAwareness(update: Uint8Array, maxEntries = maxClients): Map<number, Entry> {
  const decoder = decoding.createDecoder(update);
  const entries = new Map<number, Entry>();
  try {
    const count = decoding.readVarUint(decoder);
    if (count > maxEntries) throw new RangeError('too many clients');
    for (let n = 0; n < count; n++) {
      const client = decoding.readVarUint(decoder);
      const clock = decoding.readVarUint(decoder);
      const state = decoding.readVarString(decoder);
      JSON.parse(state);
      entries.set(client, { clock, state });
    }
  } catch (cause) {
    throw new RangeError('It is no awareness update.', { cause });
  }
  return entries;
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

/**
 * Where everybody in a room has their cursor. What comes within a batch is told once, the last word of each: two hundred
 * cursors that move twenty times a second would otherwise be 800,000 messages.
 */
export class RoomAwareness {
  readonly #states = new Map<number, Entry>();
  readonly #owners = new Map<unknown, Set<number>>();
  #changed = new Map<number, Entry>();

  /** Takes what a client of this server says; `owner` speaks for those numbers until it leaves. @throws {RangeError} */
  take(update: Uint8Array, owner: unknown): void {
    for (const [client, entry] of decodeAwareness(update, maxClientsOfOne)) {
      if (!this.#set(client, entry)) continue;
      this.#changed.set(client, entry);
      const owned = this.#owners.get(owner) ?? new Set();
      this.#owners.set(owner, owned.add(client));
    }
  }

  /** Takes what another server has told. */
  hear(update: Uint8Array): void {
    for (const [client, entry] of decodeAwareness(update)) this.#set(client, entry);
  }

  /** The owner is gone, and so are its cursors. */
  leave(owner: unknown): void {
    for (const client of this.#owners.get(owner) ?? []) {
      const known = this.#states.get(client);
      if (!known || known.state === 'null') continue;
      const gone = { clock: known.clock + 1, state: 'null' };
      this.#set(client, gone);
      this.#changed.set(client, gone);
    }
    this.#owners.delete(owner);
  }

  /** What has changed here since it was last asked for. */
  takeChanges(): Uint8Array | undefined {
    if (this.#changed.size === 0) return undefined;
    const changes = encodeAwareness(this.#changed);
    this.#changed = new Map();
    return changes;
  }

  get hasChanges(): boolean {
    return this.#changed.size > 0;
  }

  /** Everybody who is there; undefined for nobody. */
  everybody(): Uint8Array | undefined {
    return this.#states.size > 0 ? encodeAwareness(this.#states) : undefined;
  }

  /** Those who are connected here. */
  ours(): Uint8Array | undefined {
    const ours = [...this.#owners.values()].flatMap((clients) => [...clients]);
    const entries = ours.flatMap((client): [number, Entry][] => {
      const entry = this.#states.get(client);
      return entry ? [[client, entry]] : [];
    });
    return entries.length > 0 ? encodeAwareness(entries) : undefined;
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
