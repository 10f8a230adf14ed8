import * as encoding from 'lib0/encoding';
import * as Y from 'yjs';

type Struct = Y.Item | Y.GC | Y.Skip;
type Deletions = ReturnType<typeof Y.decodeUpdate>['ds'];

/** Of ranges that are deleted: each takes some ten bytes. */
const rangesOfOne = 10_000;

/**
 * Updates that together are this one, each of at most so many bytes, to be applied in this order. They are cut where a document
 * keeps its schema: an entry stays with its fields, a text may be in several. What cannot be cut is larger.
 */
export function splitUpdate(update: Uint8Array, maxBytes: number): Uint8Array[] {
  if (update.byteLength <= maxBytes) return [update];
  const { structs, ds } = Y.decodeUpdate(update);
  const parts: Uint8Array[] = [];
  let part: Struct[] = [];
  let bytes = 0;
  // Room for the numbers of clients and structs before them.
  const room = Math.floor(maxBytes * 0.9);
  for (const group of groupsOf(inOrder(structs.flatMap((struct) => cut(struct, room / 2))))) {
    const size = group.reduce((sum, struct) => sum + sizeOf(struct), 0);
    if (part.length > 0 && bytes + size > room) {
      parts.push(encode(part));
      [part, bytes] = [[], 0];
    }
    part.push(...group);
    bytes += size;
  }
  if (part.length > 0) parts.push(encode(part));
  return [...parts, ...encodeDeletions(ds)];
}

/** A text, or values that were added together, in pieces of at most so many bytes. */
function cut(struct: Struct, maxBytes: number): Struct[] {
  if (!(struct instanceof Y.Item) || struct.length < 2 || sizeOf(struct) <= maxBytes) return [struct];
  const { content, id, rightOrigin, parent, parentSub } = struct;
  let at = Math.floor(struct.length / 2);
  if (content instanceof Y.ContentString) {
    // Not within a pair of surrogates, which Yjs would replace.
    if (/[\uD800-\uDBFF]/.test(content.str.charAt(at - 1))) at += 1;
  } else if (!(content instanceof Y.ContentAny)) return [struct];
  if (at >= struct.length) return [struct];
  const after = content.splice(at);
  const before = new Y.Item(id, null, struct.origin, null, rightOrigin, parent, parentSub, content);
  const origin = Y.createID(id.client, id.clock + at - 1);
  const next = Y.createID(id.client, id.clock + at);
  const rest = new Y.Item(next, null, origin, null, rightOrigin, parent, parentSub, after);
  return [...cut(before, maxBytes), ...cut(rest, maxBytes)];
}

/** Each after what it builds on. Clients' own structs come in the order of their clocks. */
function inOrder(structs: Struct[]): Struct[] {
  const waiting = Map.groupBy(structs, ({ id }) => id.client);
  const isThere = (id: Y.ID) => {
    const [first] = waiting.get(id.client) ?? [];
    return first === undefined || id.clock < first.id.clock;
  };
  const ordered: Struct[] = [];
  for (let before = -1; ordered.length > before; ) {
    before = ordered.length;
    for (const [client, ofClient] of waiting) {
      const blocked = ofClient.findIndex((struct) =>
        needs(struct).some((id) => id.client !== client && !isThere(id)),
      );
      ordered.push(...ofClient.splice(0, blocked < 0 ? ofClient.length : blocked));
      if (ofClient.length === 0) waiting.delete(client);
    }
  }
  // Of an update that builds on what is in no document: as it came.
  return [...ordered, ...[...waiting.values()].flat()];
}

function needs(struct: Struct): Y.ID[] {
  if (!(struct instanceof Y.Item)) return [];
  const { origin, rightOrigin, parent } = struct;
  return [origin, rightOrigin, parent instanceof Y.ID ? parent : null].filter((id) => id !== null);
}

/** What must not come apart: an entry and what was put into it, which follows it. */
function groupsOf(structs: Struct[]): Struct[][] {
  const groups: Struct[][] = [];
  for (const struct of structs) {
    const last = groups.at(-1);
    const isInside = struct instanceof Y.Item && struct.parent instanceof Y.ID;
    if (isInside && last) last.push(struct);
    else groups.push([struct]);
  }
  return groups;
}

function sizeOf(struct: Struct): number {
  const encoder = new Y.UpdateEncoderV1();
  struct.write(encoder, 0);
  return encoder.toUint8Array().byteLength;
}

/** As Yjs encodes an update, version 1, with nothing deleted. */
function encode(structs: Struct[]): Uint8Array {
  const encoder = new Y.UpdateEncoderV1();
  const clients = Map.groupBy(structs, ({ id }) => id.client);
  encoding.writeVarUint(encoder.restEncoder, clients.size);
  // Higher numbers first, as Yjs has them.
  for (const [client, ofClient] of [...clients].toSorted(([a], [b]) => b - a)) {
    encoding.writeVarUint(encoder.restEncoder, ofClient.length);
    encoder.writeClient(client);
    encoding.writeVarUint(encoder.restEncoder, ofClient[0]?.id.clock ?? 0);
    for (const struct of ofClient) struct.write(encoder, 0);
  }
  encoding.writeVarUint(encoder.restEncoder, 0);
  return encoder.toUint8Array();
}

/** Updates that delete and add nothing. */
function encodeDeletions({ clients }: Deletions): Uint8Array[] {
  const ranges = [...clients].flatMap(([client, ofClient]) =>
    ofClient.map((range) => ({ client, ...range })),
  );
  const parts: Uint8Array[] = [];
  for (let from = 0; from < ranges.length; from += rangesOfOne) {
    const byClient = Map.groupBy(ranges.slice(from, from + rangesOfOne), ({ client }) => client);
    const encoder = encoding.createEncoder();
    encoding.writeVarUint(encoder, 0);
    encoding.writeVarUint(encoder, byClient.size);
    for (const [client, ofClient] of byClient) {
      encoding.writeVarUint(encoder, client);
      encoding.writeVarUint(encoder, ofClient.length);
      for (const { clock, len } of ofClient) {
        encoding.writeVarUint(encoder, clock);
        encoding.writeVarUint(encoder, len);
      }
    }
    parts.push(encoding.toUint8Array(encoder));
  }
  return parts;
}
