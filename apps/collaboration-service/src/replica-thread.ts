import { join } from 'node:path';
import {
  type DocumentRef,
  type DocumentReplica,
  FairQueue,
  Replica,
  UpdateRefused,
} from '@kyong/collaboration';
import type { DocumentKind } from '@kyong/contracts';
import { Piscina } from 'piscina';
import type * as worker from './replica-worker.ts';
import type { OnSpent } from './thread-time.ts';

/** To read a document of this size takes 10 ms at most. */
export const smallBytes = 64 * 1024;
/** Past this it ends, and the documents that it had are read again: the rest of the process goes on. */
const maxHeapMebibytes = 256;
const never = 2 ** 31 - 1;

type Worker = typeof worker;
type Call = <Name extends keyof Worker>(
  name: Name,
  ...task: Parameters<Worker[Name]>
) => Promise<ReturnType<Worker[Name]>['result']>;

export interface ReplicaThread {
  create: (kind: DocumentKind, document: DocumentRef) => DocumentReplica;
  close(): Promise<void>;
}

/**
 * To read, write or check a large document takes up to a second, in which nobody else would be served. Those that are larger
 * than 64 KiB are kept on another thread, one task at a time, the gyms in turn; smaller ones stay here and move when they
 * have grown.
 */
export function startReplicaThread(onSpent: OnSpent = () => {}): ReplicaThread {
  const threads = new Piscina({
    filename: join(import.meta.dirname, 'replica-worker.ts'),
    ...{ minThreads: 0, maxThreads: 1, idleTimeout: never },
    resourceLimits: { maxOldGenerationSizeMb: maxHeapMebibytes },
    // A server has one core: who is served goes first.
    niceIncrement: 5,
  });
  const queue = new FairQueue();
  let lastId = 0;
  return {
    create: (kind, { tenantId }) => {
      const call: Call = async (name, task) => {
        const { result, milliseconds } = await queue.run(tenantId, () => threads.run(task, { name }));
        onSpent(tenantId, milliseconds);
        return result;
      };
      return new GrowingReplica(kind, () => replicaThere(call, ++lastId, kind));
    },
    close: () => threads.close({ force: true }),
  };
}

/** A replica on the other thread. */
function replicaThere(call: Call, id: number, kind: DocumentKind): DocumentReplica {
  let maxBytes = 0;
  const created = call('create', { id, kind });
  // Whoever asks next is told.
  created.catch(() => {});
  return {
    get maxBytes() {
      return maxBytes;
    },
    async load(updates) {
      const loaded = await call('load', { id, updates });
      maxBytes = loaded.maxBytes;
      return loaded.result;
    },
    async take(updates) {
      const taken = await call('take', { id, updates });
      if (taken.refused) throw new UpdateRefused(taken.refused.code, taken.refused.detail);
      maxBytes = taken.maxBytes;
      return taken.result;
    },
    encode: (stateVector) => call('encode', { id, stateVector }),
    stateVector: () => call('stateVector', { id }),
    destroy: () => {
      call('destroy', { id }).catch(() => {});
    },
  };
}

/** One that is here as long as it is small. */
class GrowingReplica implements DocumentReplica {
  readonly #createThere: () => DocumentReplica;
  #here: Replica | undefined;
  #there: DocumentReplica | undefined;

  constructor(kind: DocumentKind, createThere: () => DocumentReplica) {
    this.#here = new Replica(kind);
    this.#createThere = createThere;
  }

  get maxBytes(): number {
    return (this.#here ?? this.#there)?.maxBytes ?? 0;
  }

  async load(updates: Uint8Array[]): Promise<boolean> {
    const here = this.#stays(updates);
    return here ? here.load(updates) : this.#moved().load(updates);
  }

  async take(updates: Uint8Array[]): ReturnType<DocumentReplica['take']> {
    const here = this.#stays(updates);
    return here ? here.take(updates) : this.#moved().take(updates);
  }

  async encode(stateVector?: Uint8Array): ReturnType<DocumentReplica['encode']> {
    const here = this.#here;
    if (!here) return this.#moved().encode(stateVector);
    return { update: here.encode(stateVector), stateVector: here.stateVector };
  }

  async stateVector(): Promise<Uint8Array> {
    return this.#here ? this.#here.stateVector : this.#moved().stateVector();
  }

  destroy(): void {
    this.#here?.destroy();
    this.#there?.destroy();
  }

  /** The replica here, if it has room for these still. */
  #stays(updates: Uint8Array[]): Replica | undefined {
    const here = this.#here;
    if (!here) return undefined;
    const added = updates.reduce((sum, { byteLength }) => sum + byteLength, 0);
    const fits = (bytes: number) => bytes + added <= smallBytes;
    return fits(here.maxBytes) || (added <= smallBytes && fits(here.measure())) ? here : undefined;
  }

  /** The replica there. What comes after this is done after it has all that was here. */
  #moved(): DocumentReplica {
    if (this.#there) return this.#there;
    this.#there = this.#createThere();
    // Should it fail, the thread is gone, and so whatever is asked next fails as well.
    this.#there.load([this.#here?.encode() ?? Uint8Array.of(0, 0)]).catch(() => {});
    this.#here?.destroy();
    this.#here = undefined;
    return this.#there;
  }
}
