import * as Y from 'yjs';

/**
 * What a document has and the server lacks, as an update; undefined for nothing.
 * @param answer of the server: what it has (a state vector), and what it has given, in which is all that it has deleted.
 */
export function missingThere(
  doc: Y.Doc,
  answer: { stateVector: Uint8Array; update: Uint8Array },
): Uint8Array | undefined {
  const update = Y.encodeStateAsUpdate(doc, answer.stateVector);
  const { structs, ds: ours } = Y.decodeUpdate(update);
  if (structs.length > 0) return update;
  const { ds: theirs } = Y.decodeUpdate(answer.update);
  for (const [client, ranges] of ours.clients) {
    // Both in the order of their clocks, and none next to another.
    const known = theirs.clients.get(client) ?? [];
    let place = 0;
    for (const { clock, len } of ranges) {
      while (place < known.length && endOf(known[place]) < clock + len) place += 1;
      const around = known[place];
      if (!around || around.clock > clock) return update;
    }
  }
  return undefined;
}

const endOf = (range: { clock: number; len: number } | undefined) => (range ? range.clock + range.len : 0);
