import { type DocumentKind, type DocumentPart, documentParts } from '@kyong/contracts';
import * as Y from 'yjs';
import { plain } from './parts.ts';

/** Whoever reads a document into plain objects would set their prototype by a key of this name, and not see what is under it. */
const hiddenKey = '__proto__';
const hiddenFault = `no key is called ${hiddenKey}`;

/** More entries than a gym could want in one document, and few enough to read at once. */
const maxEntries = 5_000;

/** Says what a transaction broke of its kind's schema; looks only at what it changed. Undefined when all is well. */
export function findFault(kind: DocumentKind, { doc, changed }: Y.Transaction): string | undefined {
  const parts = documentParts[kind];
  for (const [type, keys] of changed) {
    const place = placeOf(doc, type);
    if (!place) continue;
    if (keys.has(hiddenKey) || place.root === hiddenKey) return hiddenFault;
    const part = Object.hasOwn(parts, place.root) ? parts[place.root] : undefined;
    if (!part) continue;
    const fault = faultOf(doc, { part, ...place, keys });
    if (fault) return `${place.root}: ${fault}`;
  }
  return undefined;
}

type SharedType = Y.Transaction['changed'] extends Map<infer Type, unknown> ? Type : never;

interface Place {
  root: string;
  /** The entry of the root in which the change is; none when the root itself has changed. */
  entry?: Y.Item;
}

function placeOf(doc: Y.Doc, changed: SharedType): Place | undefined {
  let type: SharedType = changed;
  let entry: Y.Item | undefined;
  while (type._item) {
    entry = type._item;
    type = type._item.parent as SharedType;
  }
  for (const [root, candidate] of doc.share) if (candidate === type) return { root, ...(entry && { entry }) };
  return undefined;
}

type Change = Place & { part: DocumentPart; keys: Set<string | null> };

function faultOf(doc: Y.Doc, { root, part, entry, keys }: Change): string | undefined {
  if (part.type === 'text') {
    const text = doc.getText(root);
    if (text._map.size > 0) return 'is a text and has no keys';
    return text.length > part.maxLength ? `has more than ${part.maxLength} characters` : undefined;
  }
  const { schema } = part;
  const check = (value: unknown) => {
    if (hidesKeys(value)) return hiddenFault;
    const result = schema.safeParse(plain(value));
    const issue = result.error?.issues[0];
    return issue && `${issue.path.map(String).join('.').slice(0, 100)} ${issue.message}`.trim();
  };
  if (part.type === 'list') {
    const list = doc.getArray(root);
    if (list._map.size > 0) return 'is a list and has no keys';
    if (list.length > maxEntries) return `has more than ${maxEntries} entries`;
    const items = entry ? [itemValue(entry)] : list.toArray();
    return items.map((item) => item !== undefined && check(item)).find((fault) => fault) || undefined;
  }
  const map = doc.getMap(root);
  if (map._start !== null) return 'is a map and no list';
  if (part.type === 'fields') return check(map);
  if (map.size > maxEntries) return `has more than ${maxEntries} entries`;
  const names = entry ? [entry.parentSub] : keys;
  for (const name of names) {
    const value = name === null ? undefined : map.get(name);
    const fault = value === undefined ? undefined : check(value);
    if (fault) return fault;
  }
  return undefined;
}

/** What an item of a list holds, unless it is gone. */
function itemValue(item: Y.Item): unknown {
  return item.deleted ? undefined : item.content.getContent()[item.length - 1];
}

/** Whether anything in a value stands, or has stood, under a key that readers do not see. */
function hidesKeys(value: unknown): boolean {
  if (value instanceof Y.Map) return [...value].some(([key, inner]) => key === hiddenKey || hidesKeys(inner));
  if (value instanceof Y.Array) return value.toArray().some(hidesKeys);
  if (Array.isArray(value)) return value.some(hidesKeys);
  if (typeof value !== 'object' || value === null || value instanceof Y.AbstractType) return false;
  if (value instanceof Uint8Array) return false;
  // Decoded from bytes: a plain object, unless a key of it was the hidden one.
  return Object.getPrototypeOf(value) !== Object.prototype || Object.values(value).some(hidesKeys);
}
