import { collaborationLimits } from '@kyong/contracts';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import * as Y from 'yjs';
import { Replica, UpdateRefused } from './replica.ts';

const updateOf = (change: (doc: Y.Doc) => void) => {
  const doc = new Y.Doc();
  change(doc);
  return Y.encodeStateAsUpdate(doc);
};

test('updates that are taken together come out as one with all that was new', () => {
  const replica = new Replica('course_planning');
  const one = updateOf((doc) => doc.getText('a').insert(0, 'one'));
  const two = updateOf((doc) => doc.getText('b').insert(0, 'two'));
  const { merged, complete } = replica.take([one, two, one]);
  expect(complete).toEqual([true, true, true]);
  const copy = new Y.Doc();
  Y.applyUpdate(copy, merged ?? new Uint8Array());
  expect([copy.getText('a').toString(), copy.getText('b').toString()]).toEqual(['one', 'two']);
  expect(replica.take([one]).merged).toBeUndefined();
});

test('an update that builds on what is not there is named and leaves nothing behind', () => {
  const doc = new Y.Doc();
  const updates: Uint8Array[] = [];
  doc.on('update', (update: Uint8Array) => updates.push(update));
  doc.getText('a').insert(0, 'x');
  doc.getText('a').insert(1, 'y');
  const [first = new Uint8Array(), second = new Uint8Array()] = updates;
  const replica = new Replica('course_planning');
  expect(replica.take([second])).toEqual({ merged: undefined, complete: [false] });
  expect(replica.doc.store.pendingStructs).toBeNull();
  expect(replica.take([first, second]).complete).toEqual([true, true]);
  expect(replica.doc.getText('a').toString()).toBe('xy');
});

test('everything is encoded once for all who come before the next edit', () => {
  const replica = new Replica('course_planning');
  replica.take([updateOf((doc) => doc.getText('a').insert(0, 'one'))]);
  const everything = replica.encode();
  const ofNewcomer = Y.encodeStateVector(new Y.Doc());
  expect(replica.encode(ofNewcomer)).toBe(everything);
  replica.take([updateOf((doc) => doc.getText('b').insert(0, 'two'))]);
  const copy = new Y.Doc();
  Y.applyUpdate(copy, replica.encode(ofNewcomer));
  expect([copy.getText('a').toString(), copy.getText('b').toString()]).toEqual(['one', 'two']);
  replica.load([updateOf((doc) => doc.getText('c').insert(0, 'three'))]);
  Y.applyUpdate(copy, replica.encode());
  expect(copy.getText('c').toString()).toBe('three');
});

test('bytes that are no update are refused, whatever they are', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      const replica = new Replica('template_editing');
      try {
        replica.take([bytes]);
      } catch (error) {
        expect(error).toBeInstanceOf(UpdateRefused);
      }
    }),
    { numRuns: 2_000 },
  );
});

test('a document that would become too large is refused', () => {
  const replica = new Replica('course_planning');
  const chunk = 'x'.repeat(200_000);
  const fill = () => {
    for (let n = 0; n < 20; n++) replica.take([updateOf((doc) => doc.getText(`part ${n}`).insert(0, chunk))]);
  };
  expect(fill).toThrow(expect.objectContaining({ code: 'document_too_large' }));
  expect(replica.encode().byteLength).toBeLessThan(collaborationLimits.documentBytes + 300_000);
});

const hidden = '__proto__';
const aClass = { title: 'Yoga', day: 1, start: '18:30', minutes: 60 };

test.each<[string, (doc: Y.Doc) => void]>([
  ['a record of this name', (doc) => doc.getMap('schedule.classes').set(hidden, aClass)],
  [
    'a key of a new record',
    (doc) =>
      doc.getMap('schedule.classes').set('a', new Y.Map(Object.entries({ ...aClass, [hidden]: aClass }))),
  ],
  [
    'a key of a plain record',
    (doc) => doc.getMap('schedule.classes').set('a', JSON.parse(`{"${hidden}": ${JSON.stringify(aClass)}}`)),
  ],
  ['a free part', (doc) => doc.getMap(hidden).set('a', 1)],
  ['a key of a free part', (doc) => doc.getMap('free').set(hidden, { a: 1 })],
])('what readers would take for the prototype of an object is refused: %s', (_, change) => {
  const replica = new Replica('schedule_management');
  expect(() => replica.take([updateOf(change)])).toThrow(
    expect.objectContaining({ code: 'update_refused', message: expect.stringContaining(hidden) }),
  );
});

test('a key that every object has from its prototype is a free part like any other', () => {
  const replica = new Replica('schedule_management');
  expect(replica.take([updateOf((doc) => doc.getMap('constructor').set('a', 1))]).complete).toEqual([true]);
});
