import { Replica, type UpdateFault, UpdateRefused } from '@kyong/collaboration';
import type { DocumentKind } from '@kyong/contracts';
import { timed } from './thread-time.ts';

// What `replica-thread.ts` runs: each export takes one task. The copies of large documents are here, by numbers it gives them.

const replicas = new Map<number, Replica>();

type Task<Parameters> = Parameters & { id: number };
export type Refusal = { code: UpdateFault; detail: string };

export const create = timed(({ id, kind }: Task<{ kind: DocumentKind }>) => {
  replicas.set(id, new Replica(kind));
});

export const load = timed(({ id, updates }: Task<{ updates: Uint8Array[] }>) => {
  const replica = replicaOf(id);
  return { result: replica.load(updates), maxBytes: replica.maxBytes };
});

export const take = timed(({ id, updates }: Task<{ updates: Uint8Array[] }>) => {
  const replica = replicaOf(id);
  try {
    return { result: replica.take(updates), maxBytes: replica.maxBytes };
  } catch (error) {
    if (!(error instanceof UpdateRefused)) throw error;
    // Between threads an error keeps its message only.
    return { refused: { code: error.code, detail: error.message } };
  }
});

export const encode = timed(({ id, stateVector }: Task<{ stateVector: Uint8Array | undefined }>) => {
  const replica = replicaOf(id);
  return { update: replica.encode(stateVector), stateVector: replica.stateVector };
});

export const stateVector = timed(({ id }: Task<object>) => {
  return replicaOf(id).stateVector;
});

export const destroy = timed(({ id }: Task<object>) => {
  replicas.get(id)?.destroy();
  replicas.delete(id);
});

function replicaOf(id: number): Replica {
  const replica = replicas.get(id);
  if (!replica) throw new Error('The thread that had this document has ended.');
  return replica;
}
