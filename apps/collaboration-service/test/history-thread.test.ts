import { editToRestore, summarise } from '@kyong/collaboration';
import { expect, onTestFinished, test } from 'vitest';
import * as Y from 'yjs';
import { startHistoryThread } from '../src/history-thread.ts';
import { processorTime } from './harness.ts';

/** Many small edits: what takes longest to read. */
function largeDocument(edits: number): Y.Doc {
  const doc = new Y.Doc();
  const classes = doc.getMap<Y.Map<unknown>>('schedule.classes');
  doc.transact(() => {
    for (let n = 0; n < edits; n++)
      classes.set(
        `class-${n}`,
        new Y.Map(Object.entries({ title: 'Yoga', day: n % 7, start: '10:00', minutes: 60 })),
      );
  });
  return doc;
}

test('history is found as on this thread, which goes on meanwhile', async () => {
  const history = startHistoryThread();
  onTestFinished(() => history.close());
  const doc = largeDocument(2_000);
  const before = Y.encodeStateAsUpdate(doc);
  doc.getMap('schedule.classes').delete('class-1');
  const after = Y.encodeStateAsUpdate(doc);

  expect(await history.summarise('gym', 'schedule_management', before, after)).toEqual({
    'schedule.classes': { added: 0, changed: 0, removed: 1 },
  });
  Y.applyUpdate(doc, await history.editToRestore('gym', before, after));
  expect(doc.getMap('schedule.classes').size).toBe(2_000);

  const times = { here: [] as number[], elsewhere: [] as number[] };
  for (let n = 0; n < 3; n++) {
    times.here.push(
      await processorTime(() => [
        summarise('schedule_management', before, after),
        editToRestore(before, after),
      ]),
    );
    times.elsewhere.push(
      await processorTime(async () => [
        await history.summarise('gym', 'schedule_management', before, after),
        await history.editToRestore('gym', before, after),
      ]),
    );
  }
  // The least: a collection of garbage is nobody's doing.
  expect(Math.min(...times.elsewhere)).toBeLessThan(Math.min(...times.here) / 2);
});

test.each([
  ['here', 1],
  ['there', 100_000],
])('what cannot be read %s is told to whoever asked, and to nobody else', async (_, bytes) => {
  const history = startHistoryThread();
  onTestFinished(() => history.close());
  const state = Y.encodeStateAsUpdate(largeDocument(1));
  await expect(
    history.summarise('gym', 'course_planning', undefined, Buffer.alloc(bytes, 255)),
  ).rejects.toThrow();
  expect(await history.summarise('gym', 'course_planning', undefined, state)).toEqual({});
});
