import { Replica, type UpdateFault, UpdateRefused } from '@kyong/collaboration';
import type { DocumentKind } from '@kyong/contracts';

// What `replica-thread.ts` runs: each export takes one task. The copies of large documents are here, by numbers it gives them.

const replicas = new Map<number, Replica>();

type Task<Parameters> = Parameters & { id: number };
export type Refusal = { code: UpdateFault; detail: string };

export function create({ id, kind }: Task<{ kind: DocumentKind }>): void {
  replicas.set(id, new Replica(kind));
}

export function load({ id, updates }: Task<{ updates: Uint8Array[] }>) {
  const replica = replicaOf(id);
  return { result: replica.load(updates), maxBytes: replica.maxBytes };
}

export function take({ id, updates }: Task<{ updates: Uint8Array[] }>) {
  const replica = replicaOf(id);
  try {
    return { result: replica.take(updates), maxBytes: replica.maxBytes };
  } catch (error) {
    if (!(error instanceof UpdateRefused)) throw error;
    // Between threads an error keeps its message only.
    return { refused: { code: error.code, detail: error.message } };
  }
}

export function encode({ id, stateVector }: Task<{ stateVector: Uint8Array | undefined }>) {
  const replica = replicaOf(id);
  return { update: replica.encode(stateVector), stateVector: replica.stateVector };
}

export function stateVector({ id }: Task<object>): Uint8Array {
  return replicaOf(id).stateVector;
}

export function destroy({ id }: Task<object>): void {
  replicas.get(id)?.destroy();
  replicas.delete(id);
}

function replicaOf(id: number): Replica {
  const replica = replicas.get(id);
  if (!replica) throw new Error('The thread that had this document has ended.');
  return replica;
}
