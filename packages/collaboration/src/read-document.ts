import type { DocumentRef, LogEntry, LogHead, SnapshotStore, UpdateLog } from './ports.ts';

/** A compaction between reading the snapshot and reading the log makes us read again; so many in a row there are not. */
const maxAttempts = 10;

export interface DocumentSource {
  document: DocumentRef;
  log: UpdateLog;
  snapshots: Pick<SnapshotStore, 'read'>;
}

/**
 * Reads what is stored of a document: its snapshot and what the log has beyond it, which together make it up.
 * @param atLeast where a log is begun because there is none, it goes on after this number.
 */
export async function readStored(
  { document, log, snapshots }: DocumentSource,
  atLeast: number,
): Promise<{ updates: Uint8Array[]; head: LogHead; entries: LogEntry[] }> {
  for (let attempt = 0; attempt < maxAttempts; attempt++) {
    const snapshot = await snapshots.read(document);
    const seq = snapshot?.seq ?? 0;
    const tail = await log.read(document, 0);
    if (!tail) await log.begin(document, { from: seq, seq: Math.max(seq, atLeast) });
    if (!tail || tail.from > seq) continue;
    const { head, entries } = tail;
    // All the log has, were it in the snapshot already: after a failover its numbers may say otherwise than its content.
    const updates = [...(snapshot ? [snapshot.state] : []), ...entries.map(({ update }) => update)];
    return { updates, head, entries };
  }
  throw new Error('The document was compacted again and again while it was read.');
}
