import { type DocumentKind, type DocumentPart, documentParts } from '@kyong/contracts';
import * as Y from 'yjs';

/** Gives the parts of a kind their types; a root type has none until somebody names it. */
export function defineParts(doc: Y.Doc, kind: DocumentKind): void {
  for (const [name, { type }] of Object.entries(documentParts[kind])) {
    if (type === 'text') doc.getText(name);
    else if (type === 'list') doc.getArray(name);
    else doc.getMap(name);
  }
}

/** A part as plain values, by key; a list's items by their places, a text under one key. */
export function entriesOf(doc: Y.Doc, name: string, part: DocumentPart): Map<string, unknown> {
  switch (part.type) {
    case 'records':
    case 'fields':
      return new Map(Object.entries(doc.getMap(name).toJSON()));
    case 'list':
      return new Map(doc.getArray(name).map((item, index) => [String(index), plain(item)]));
    case 'text': {
      const text = doc.getText(name).toString();
      return new Map(text === '' ? [] : [['text', text]]);
    }
  }
}

export function plain(value: unknown): unknown {
  return value instanceof Y.AbstractType ? value.toJSON() : value;
}
