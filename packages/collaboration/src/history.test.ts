import fc from 'fast-check';
import { expect, test } from 'vitest';
import * as Y from 'yjs';
import { editToRestore } from './history.ts';

type Edit = { insert: number; text: string } | { remove: number } | { key: string; value: number };

const edit: fc.Arbitrary<Edit> = fc.oneof(
  fc.record({ insert: fc.nat(20), text: fc.string({ minLength: 1, maxLength: 5 }) }),
  fc.record({ remove: fc.nat(20) }),
  fc.record({ key: fc.constantFrom('a', 'b', 'c'), value: fc.nat(9) }),
);

function apply(doc: Y.Doc, edits: Edit[]): void {
  for (const one of edits) {
    const text = doc.getText('text');
    if ('insert' in one) text.insert(Math.min(one.insert, text.length), one.text);
    else if ('remove' in one)
      text.delete(Math.min(one.remove, text.length), text.length > one.remove ? 1 : 0);
    else doc.getMap('map').set(one.key, one.value);
  }
}

const contentOf = (doc: Y.Doc) => [doc.getText('text').toString(), doc.getMap('map').toJSON()];

test('restoring gives what was, whatever came since, and merges with what comes at the same time', () => {
  fc.assert(
    fc.property(fc.array(edit), fc.array(edit), fc.string({ maxLength: 5 }), (before, since, meanwhile) => {
      const doc = new Y.Doc();
      apply(doc, before);
      const version = Y.encodeStateAsUpdate(doc);
      const was = contentOf(doc);
      apply(doc, since);
      const other = new Y.Doc();
      Y.applyUpdate(other, Y.encodeStateAsUpdate(doc));
      Y.applyUpdate(doc, editToRestore(version, Y.encodeStateAsUpdate(doc)));
      expect(contentOf(doc)).toEqual(was);

      other.getText('other').insert(0, meanwhile);
      Y.applyUpdate(doc, Y.encodeStateAsUpdate(other));
      expect([contentOf(doc), doc.getText('other').toString()]).toEqual([was, meanwhile]);
    }),
  );
});
