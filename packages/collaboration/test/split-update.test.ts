import fc from 'fast-check';
import { expect, test } from 'vitest';
import * as Y from 'yjs';
import { splitUpdate } from '../client/split-update.ts';
import { Replica } from '../src/replica.ts';

const maxBytes = 4_096;

test('parts of an update fit, are taken one after another, and make the same document', () => {
  const edit = fc.record({
    author: fc.nat(2),
    place: fc.nat(10_000),
    text: fc.string({ unit: 'binary', minLength: 1, maxLength: 3_000 }),
    remove: fc.nat(40),
  });
  fc.assert(
    fc.property(fc.array(edit, { minLength: 1, maxLength: 30 }), (edits) => {
      // People who go on with each other's work.
      const docs = [0, 1, 2].map(() => new Y.Doc());
      for (const { author, place, text, remove } of edits) {
        const doc = docs[author] as Y.Doc;
        for (const other of docs) Y.applyUpdate(doc, Y.encodeStateAsUpdate(other));
        const notes = doc.getText('course.notes');
        if (notes.length < 150_000) notes.insert(Math.min(place, notes.length), text);
        notes.delete(0, Math.min(remove, notes.length));
        doc.getArray('course.sessions').push([new Y.Map(Object.entries({ title: 'Rows', minutes: 45 }))]);
      }
      for (const other of docs) Y.applyUpdate(docs[0] as Y.Doc, Y.encodeStateAsUpdate(other));
      const update = Y.encodeStateAsUpdate(docs[0] as Y.Doc);
      const parts = splitUpdate(update, maxBytes);
      const replica = new Replica('course_planning');
      for (const part of parts) {
        expect(part.byteLength).toBeLessThanOrEqual(Math.max(maxBytes, 0));
        expect(replica.take([part]).complete).toEqual([true]);
      }
      expect(replica.doc.getText('course.notes').toString()).toBe(
        docs[0]?.getText('course.notes').toString(),
      );
      expect(replica.doc.getArray('course.sessions').toJSON()).toEqual(
        docs[0]?.getArray('course.sessions').toJSON(),
      );
      expect(replica.stateVector).toEqual(Y.encodeStateVector(docs[0] as Y.Doc));
    }),
    { numRuns: 30 },
  );
});

test('what is small enough stays as it is', () => {
  const update = Y.encodeStateAsUpdate(new Y.Doc());
  expect(splitUpdate(update, maxBytes)).toEqual([update]);
});
