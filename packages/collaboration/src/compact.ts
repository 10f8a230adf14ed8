import type { DocumentRef, LogHead, SnapshotStore, UpdateLog } from './ports.ts';

/** Longer than writing a document of the largest size takes; whoever dies holding the lease delays the next by this. */
const leaseSeconds = 20;

/**
 * Writes a snapshot and drops what is in it from the log. One writer at a time: the lease has a fence that grows with each
 * holder, so that one that was thought dead and comes back writes nothing.
 * @param read the document's state, at least up to the head it comes with.
 * @returns false when somebody else is at it.
 */
export async function compact(
  { document, snapshots, log }: { document: DocumentRef; snapshots: SnapshotStore; log: UpdateLog },
  read: () => Promise<{ state: Uint8Array; head: LogHead }>,
): Promise<boolean> {
  const fence = await snapshots.claim(document, leaseSeconds);
  if (fence === undefined) return false;
  try {
    const { state, head } = await read();
    if (!(await snapshots.write(document, { state, seq: head.seq }, fence))) return false;
    await log.trim(document, head);
    return true;
  } finally {
    await snapshots.release(document, fence);
  }
}
