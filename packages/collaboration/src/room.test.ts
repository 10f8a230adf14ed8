import { expect, test } from 'vitest';
import * as Y from 'yjs';
import type { LogEntry, SnapshotStore, UpdateLog } from './ports.ts';
import { type DocumentReplica, replicaHere } from './replica.ts';
import { Room, type RoomOptions, RoomUnavailable } from './room.ts';

const document = { tenantId: 'iron-temple', documentId: 'week-12' };

/** A room on a log in memory, which counts how often it is read. */
async function openRoom(createReplica: RoomOptions['createReplica'] = replicaHere) {
  const entries: LogEntry[] = [];
  const told: number[] = [];
  const errors: unknown[] = [];
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
    ...{ document, kind: 'schedule_management', log, snapshots, createReplica },
    onUpdate: (_, seq) => told.push(seq),
    onError: (error) => errors.push(error),
  });
  return { room, told, entries, errors, reads: () => reads };
}

function edit(change: (doc: Y.Doc) => void): Uint8Array {
  const doc = new Y.Doc();
  change(doc);
  return Y.encodeStateAsUpdate(doc);
}

async function contentOf(room: Room): Promise<Y.Doc> {
  const doc = new Y.Doc();
  Y.applyUpdate(doc, (await room.read()).update);
  return doc;
}

const good = (name: string) => edit((doc) => doc.getMap('notes').set(name, true));
const bad = (name: string) => edit((doc) => doc.getMap('schedule.classes').set(name, 'no class'));

test('of a batch, those at fault are refused, all others written together, and the document is read once', async () => {
  const { room, entries, told, errors, reads } = await openRoom();
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
  expect([reads(), errors]).toEqual([2, []]);
  expect(told).toEqual([1, 2]);
  const stored = new Y.Doc();
  for (const { update } of entries) Y.applyUpdate(stored, update);
  expect(Object.keys(stored.getMap('notes').toJSON()).sort()).toEqual(['a', 'b', 'before', 'f', 'g']);
  expect(stored.getMap('schedule.classes').size).toBe(0);
  const replica = await contentOf(room);
  expect(replica.getMap('notes').toJSON()).toEqual(stored.getMap('notes').toJSON());
  expect(replica.getMap('schedule.classes').size).toBe(0);
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
  expect((await contentOf(room)).getMap('notes').toJSON()).toEqual({ c: true });
});

test('whoever reads between an edit and the verdict on it gets no trace of what is refused', async () => {
  // As on another thread: what is asked for while an edit is taken is done after it, and before it is known to be refused.
  const { room } = await openRoom((kind) => {
    const replica = replicaHere(kind);
    const take: DocumentReplica['take'] = async (updates) => {
      const taken = replica.take(updates);
      taken.catch(() => {});
      await new Promise((resolve) => setTimeout(resolve, 10));
      return taken;
    };
    return Object.assign(Object.create(replica), { take });
  });
  const refused = room.submit(bad('a'), 'mallory');
  await new Promise((resolve) => setTimeout(resolve, 2));
  const read = await contentOf(room);
  await expect(refused).rejects.toMatchObject({ code: 'update_refused' });
  expect(read.getMap('schedule.classes').size).toBe(0);
});

test('a replica whose thread has ended is read again, and the edits that it was given are at no fault', async () => {
  let lost: 'take' | 'encode' | 'load' | undefined;
  const { room, entries } = await openRoom((kind) => {
    const replica = replicaHere(kind);
    const failing = (name: 'take' | 'encode' | 'load') => ({
      [name]: (argument: never) => {
        if (lost !== name) return replica[name](argument);
        lost = undefined;
        return Promise.reject(new Error('The thread has ended.'));
      },
    });
    return Object.assign(Object.create(replica), failing('take'), failing('encode'), failing('load'));
  });
  await room.submit(good('a'), 'ann');
  lost = 'take';
  await expect(room.submit(good('b'), 'ann')).rejects.toThrow(RoomUnavailable);
  expect(await room.submit(good('b'), 'ann')).toBe(2);
  lost = 'encode';
  await expect(room.read()).rejects.toThrow(RoomUnavailable);
  lost = 'load';
  const update = good('c');
  const entry = { seq: 3, link: 'link-3', previous: 'link-2', update };
  entries.push(entry);
  room.hear({ type: 'update', ...entry });
  await room.submit(good('d'), 'ann');
  expect(Object.keys((await contentOf(room)).getMap('notes').toJSON()).sort()).toEqual(['a', 'b', 'c', 'd']);
});
