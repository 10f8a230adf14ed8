import { type DocumentReplica, UpdateRefused } from './replica.ts';

/** An update that a client waits to hear of. */
export interface Submitted {
  update: Uint8Array;
  source: unknown;
  resolve: (seq: number) => void;
  reject: (error: Error) => void;
}

/** What of a batch is in the replica, and is to be written. */
export interface Taken {
  updates: Uint8Array[];
  submitted: Submitted[];
}

/**
 * Takes a batch in one transaction; what builds on edits that are not here is told so.
 * @throws {UpdateRefused} for one of them: the replica has traces of it, and nobody has been told anything.
 */
export async function takeTogether(replica: DocumentReplica, batch: Submitted[]): Promise<Taken> {
  const { merged, complete } = await replica.take(batch.map(({ update }) => update));
  for (const { reject } of batch.filter((_, index) => !complete[index]))
    reject(new UpdateRefused('update_incomplete', 'It builds on edits that are not here: sync first.'));
  return { updates: merged ? [merged] : [], submitted: batch.filter((_, index) => complete[index]) };
}

/**
 * Takes those of a batch that are not at fault. Whoever sent one that is will be sent away, so what else they sent is refused
 * with it.
 * @param again another replica, without traces, with these updates beside what is stored.
 */
export async function takeEach(
  replica: DocumentReplica,
  batch: Submitted[],
  again: (updates: Uint8Array[]) => Promise<DocumentReplica>,
): Promise<Taken> {
  const faults = new Map<unknown, UpdateRefused>();
  const taken: Taken = { updates: [], submitted: [] };
  let clean = replica;
  for (const one of batch) {
    const fault = faults.get(one.source);
    if (fault) {
      one.reject(fault);
      continue;
    }
    try {
      const { updates, submitted } = await takeTogether(clean, [one]);
      taken.updates.push(...updates);
      taken.submitted.push(...submitted);
    } catch (error) {
      if (!(error instanceof UpdateRefused)) throw error;
      one.reject(error);
      if (one.source !== undefined) faults.set(one.source, error);
      clean = await again(taken.updates);
    }
  }
  return taken;
}
