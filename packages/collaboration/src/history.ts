import { type ChangeCount, type DocumentKind, documentParts } from '@kyong/contracts';
import * as Y from 'yjs';
import { entriesOf } from './kinds/parts.ts';

/** What differs between two states of a document, by part; parts in which nothing does are left out. */
export function summarise(
  kind: DocumentKind,
  before: Uint8Array | undefined,
  after: Uint8Array,
): Record<string, ChangeCount> {
  const [old, current] = [docOf(before), docOf(after)];
  const summary: Record<string, ChangeCount> = {};
  for (const [name, part] of Object.entries(documentParts[kind])) {
    const count = compare(entriesOf(old, name, part), entriesOf(current, name, part));
    if (count.added + count.changed + count.removed > 0) summary[name] = count;
  }
  return summary;
}

function compare(before: Map<string, unknown>, after: Map<string, unknown>): ChangeCount {
  const kept = [...after].filter(([key]) => before.has(key));
  return {
    added: after.size - kept.length,
    changed: kept.filter(([key, value]) => JSON.stringify(before.get(key)) !== JSON.stringify(value)).length,
    removed: before.size - kept.length,
  };
}

/**
 * The edit that turns the present state into an earlier one: what was done since is undone on a copy, so that it merges with
 * what others do meanwhile, and can itself be undone.
 */
export function editToRestore(earlier: Uint8Array, present: Uint8Array): Uint8Array {
  const doc = docOf(earlier);
  const now = docOf(present);
  const since = Symbol('since');
  // A root type the earlier state did not have is emptied as well. Whatever they are, as maps they are watched.
  const roots = [...new Set([...doc.share.keys(), ...now.share.keys()])].map((name) => doc.getMap(name));
  if (roots.length === 0) return Y.encodeStateAsUpdate(doc, Y.encodeStateVector(now));
  const undo = new Y.UndoManager(roots, { trackedOrigins: new Set([since]) });
  Y.applyUpdate(doc, present, since);
  undo.undo();
  const edit = Y.encodeStateAsUpdate(doc, Y.encodeStateVector(now));
  undo.destroy();
  return edit;
}

/** One state that holds all that these do. */
export function fold(updates: Uint8Array[]): Uint8Array {
  return Y.encodeStateAsUpdate(docOf(...updates));
}

function docOf(...updates: (Uint8Array | undefined)[]): Y.Doc {
  const doc = new Y.Doc();
  doc.transact(() => {
    for (const update of updates) if (update) Y.applyUpdate(doc, update);
  });
  return doc;
}
