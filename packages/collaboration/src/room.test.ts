import { expect, test } from 'vitest';
import * as Y from 'yjs';
import type { LogEntry, SnapshotStore, UpdateLog } from './ports.ts';
import { Room } from './room.ts';

const document = { tenantId: 'iron-temple', documentId: 'week-12' };

/** A room on a log in memory, which counts how often it is read. */
async function openRoom() {
  const entries: LogEntry[] = [];
  const told: number[] = [];
  let reads = 0;
  const linkOf = (seq: number) => `link-${seq}`;
  const log = {
    read: async () => {
      reads += 1;
      return { head: { seq: entries.length, link: linkOf(entries.length) }, from: 0, entries: [...entries] };
    },
    append: async (_: unknown, update: Uint8Array) => {
      const seq = entries.length + 1;
      const entry = { seq, link: linkOf(seq), previous: linkOf(seq - 1) };
      entries.push({ ...entry, update });
      return entry;
    },
  } as unknown as UpdateLog;
  const snapshots: Pick<SnapshotStore, 'read'> = { read: async () => undefined };
  const room = await Room.open({
    ...{ document, kind: 'schedule_management', log, snapshots },
    onUpdate: (_, seq) => told.push(seq),
    onError: (error) => {
      throw error;
    },
  });
  return { room, told, entries, reads: () => reads };
}

function edit(change: (doc: Y.Doc) => void): Uint8Array {
  const doc = new Y.Doc();
  change(doc);
  return Y.encodeStateAsUpdate(doc);
}

const good = (name: string) => edit((doc) => doc.getMap('notes').set(name, true));
const bad = (name: string) => edit((doc) => doc.getMap('schedule.classes').set(name, 'no class'));

test('of a batch, those at fault are refused, all others written together, and the document is read once', async () => {
  const { room, entries, told, reads } = await openRoom();
  await room.submit(good('before'), 'ann');
  expect(reads()).toBe(1);
  const answers = await Promise.allSettled([
    room.submit(good('a'), 'ann'),
    room.submit(good('b'), 'eve'),
    room.submit(bad('c'), 'eve'),
    room.submit(bad('d'), 'mallory'),
    room.submit(Uint8Array.of(255, 255, 255), 'trudy'),
    room.submit(bad('e'), undefined),
    room.submit(good('f'), undefined),
    room.submit(good('g'), 'bob'),
  ]);
  expect(
    answers.map((answer) => (answer.status === 'fulfilled' ? answer.value : answer.reason.code)),
  ).toEqual([2, 2, 'update_refused', 'update_refused', 'update_refused', 'update_refused', 2, 2]);
  expect(reads()).toBe(2);
  expect(told).toEqual([1, 2]);
  const stored = new Y.Doc();
  for (const { update } of entries) Y.applyUpdate(stored, update);
  expect(Object.keys(stored.getMap('notes').toJSON()).sort()).toEqual(['a', 'b', 'before', 'f', 'g']);
  expect(stored.getMap('schedule.classes').size).toBe(0);
  expect(room.doc.getMap('notes').toJSON()).toEqual(stored.getMap('notes').toJSON());
  expect(room.doc.getMap('schedule.classes').size).toBe(0);
});

test('what else comes in a batch from the sender of a refused edit is refused with it', async () => {
  const { room, entries } = await openRoom();
  const answers = await Promise.allSettled([
    room.submit(bad('a'), 'eve'),
    room.submit(good('b'), 'eve'),
    room.submit(good('c'), 'ann'),
  ]);
  expect(answers.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'fulfilled']);
  expect(entries).toHaveLength(1);
  expect(room.doc.getMap('notes').toJSON()).toEqual({ c: true });
});
