import { expect, test } from 'vitest';
import * as Y from 'yjs';
import { type PublishedSchedule, publishSchedule } from '../publish-schedule.ts';
import { findConflicts, readSchedule } from './schedule.ts';

function week(): Y.Doc {
  const doc = new Y.Doc();
  doc.getMap('schedule.week').set('startsOn', '2026-03-16');
  doc.getMap('schedule.trainers').set('lin', { name: 'Lin' });
  doc.getMap('schedule.rooms').set('hall', { name: 'Hall', capacity: 20 });
  addClass(doc, 'yoga', { day: 0, start: '18:00' });
  return doc;
}

function addClass(doc: Y.Doc, id: string, fields: object): void {
  const entry = new Y.Map(
    Object.entries({ title: id, minutes: 60, trainerId: 'lin', roomId: 'hall', ...fields }),
  );
  doc.getMap('schedule.classes').set(id, entry);
}

const kindsOf = (doc: Y.Doc) =>
  findConflicts(readSchedule(doc)).map(({ kind, classIds }) => [kind, ...classIds]);

test.each([
  ['another room and trainer', { day: 0, start: '18:30', trainerId: undefined, roomId: undefined }, []],
  ['right after', { day: 0, start: '19:00' }, []],
  [
    'the same trainer elsewhere',
    { day: 0, start: '18:30', roomId: undefined },
    [['trainer_twice', 'box', 'yoga']],
  ],
  ['the same room', { day: 0, start: '17:01', trainerId: undefined }, [['room_twice', 'box', 'yoga']]],
  ['past Sunday midnight', { day: 6, start: '23:00', minutes: 720, trainerId: undefined }, []],
  ['a trainer who is not there', { day: 3, start: '10:00', trainerId: 'wu' }, [['unknown_trainer', 'box']]],
  ['a room too small', { day: 3, start: '10:00', capacity: 21 }, [['over_capacity', 'box']]],
])('conflicts of a class with %s', (_, fields, expected) => {
  const doc = week();
  const present = Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
  const base = Object.fromEntries(
    ['trainerId', 'roomId']
      .filter((key) => !(key in fields))
      .map((key) => [key, key === 'roomId' ? 'hall' : 'lin']),
  );
  doc.getMap('schedule.classes').set('box', { title: 'box', minutes: 60, ...base, ...present });
  expect(kindsOf(doc)).toEqual(expected);
});

test('a class past Sunday midnight meets the one on Monday morning', () => {
  const doc = week();
  addClass(doc, 'late', { day: 6, start: '23:30', minutes: 120 });
  addClass(doc, 'early', { day: 0, start: '01:00' });
  expect(kindsOf(doc)).toEqual([
    ['trainer_twice', 'early', 'late'],
    ['room_twice', 'early', 'late'],
  ]);
});

test('a week is published with names for ids, and not while it has conflicts', async () => {
  const published: PublishedSchedule[] = [];
  const publisher = {
    publish: async (schedule: PublishedSchedule) => {
      published.push(schedule);
    },
  };
  const document = { tenantId: 'gym', documentId: 'week' };
  const doc = week();
  expect(await publishSchedule(publisher, { document, doc, seq: 7 })).toEqual({
    outcome: 'published',
    classes: 1,
  });
  expect(published).toMatchObject([
    {
      seq: 7,
      startsOn: '2026-03-16',
      timeZone: 'Asia/Taipei',
      classes: [{ classId: 'yoga', trainer: 'Lin', room: 'Hall' }],
    },
  ]);
  addClass(doc, 'box', { day: 0, start: '18:30' });
  expect(await publishSchedule(publisher, { document, doc, seq: 8 })).toMatchObject({ outcome: 'conflicts' });
  expect(await publishSchedule(publisher, { document, doc: new Y.Doc(), seq: 1 })).toEqual({
    outcome: 'week_unknown',
  });
  expect(published).toHaveLength(1);
});
