import { UpdateRefused } from '@kyong/collaboration';
import { expect, onTestFinished, test } from 'vitest';
import * as Y from 'yjs';
import { startReplicaThread } from '../src/replica-thread.ts';
import { processorTime } from './harness.ts';

const document = { tenantId: 'iron-temple', documentId: 'week-12' };

function createReplica() {
  const thread = startReplicaThread();
  onTestFinished(() => thread.close());
  return thread.create('course_planning', document);
}

/** One character after another, each at the front: nothing that Yjs could put together again. */
function manySmallEdits(count: number): Y.Doc {
  const doc = new Y.Doc();
  doc.transact(() => {
    for (let n = 0; n < count; n++) doc.getText('free').insert(0, 'x');
  });
  return doc;
}

const outline = (field: string, value: unknown) => {
  const doc = new Y.Doc();
  doc.getMap('course.outline').set(field, value);
  return Y.encodeStateAsUpdate(doc);
};

test('a document that has grown is kept on another thread, with all that it had, and is checked there', async () => {
  const replica = createReplica();
  const small = outline('title', 'Squats');
  expect(await replica.take([small])).toEqual({ merged: small, complete: [true] });
  const grown = manySmallEdits(20_000);
  expect((await replica.take([Y.encodeStateAsUpdate(grown)])).complete).toEqual([true]);
  await expect(replica.take([outline('goal', 5)])).rejects.toThrow(UpdateRefused);

  const again = createReplica();
  await again.load([small, Y.encodeStateAsUpdate(grown)]);
  const { update, stateVector } = await again.encode();
  expect(again.maxBytes).toBeGreaterThan(64 * 1024);
  const copy = new Y.Doc();
  Y.applyUpdate(copy, update);
  expect(copy.getMap('course.outline').toJSON()).toEqual({ title: 'Squats' });
  expect(copy.getText('free').length).toBe(20_000);
  expect(stateVector).toEqual(Y.encodeStateVector(copy));
  expect((await again.encode(stateVector)).update.byteLength).toBeLessThan(100);
});

test('to read and to write a large document takes no time of the thread that serves', async () => {
  const replica = createReplica();
  const state = Y.encodeStateAsUpdate(manySmallEdits(40_000));
  const someVector = Uint8Array.of(1, 5, 1);
  await replica.load([state]);
  const here = await processorTime(() => {
    const doc = new Y.Doc();
    Y.applyUpdate(doc, state);
    Y.encodeStateAsUpdate(doc, someVector);
  });
  const there = await processorTime(async () => {
    await replica.load([state]);
    await replica.encode(someVector);
  });
  expect(there).toBeLessThan(here / 2);
});
