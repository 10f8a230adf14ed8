import fc from 'fast-check';
import { expect, test } from 'vitest';
import * as awarenessProtocol from 'y-protocols/awareness';
import * as Y from 'yjs';
import { decodeAwareness, RoomAwareness } from './awareness.ts';

function person() {
  const awareness = new awarenessProtocol.Awareness(new Y.Doc());
  const say = (state: object | null) => {
    awareness.setLocalState(state as Record<string, unknown> | null);
    return awarenessProtocol.encodeAwarenessUpdate(awareness, [awareness.clientID]);
  };
  return { awareness, say };
}

test('of what one says within a batch the last word is told, as y-protocols writes it', () => {
  const room = new RoomAwareness();
  const [one, other] = [person(), person()];
  for (const x of [1, 2, 3]) room.take(one.say({ x }), 'one');
  room.take(other.say({ y: 1 }), 'other');
  awarenessProtocol.applyAwarenessUpdate(other.awareness, room.takeChanges() ?? new Uint8Array(), 'test');
  expect(other.awareness.getStates().get(one.awareness.clientID)).toEqual({ x: 3 });
  expect(room.takeChanges()).toBeUndefined();
});

test('who leaves takes their cursors along, and nobody else can say so', () => {
  const room = new RoomAwareness();
  const [one, other] = [person(), person()];
  room.take(one.say({ x: 1 }), 'one');
  awarenessProtocol.applyAwarenessUpdate(other.awareness, room.takeChanges() ?? new Uint8Array(), 'test');
  room.leave('other');
  expect(room.hasChanges).toBe(false);
  room.leave('one');
  awarenessProtocol.applyAwarenessUpdate(other.awareness, room.takeChanges() ?? new Uint8Array(), 'test');
  expect(other.awareness.getStates().has(one.awareness.clientID)).toBe(false);
  expect(room.everybody()).toBeUndefined();
});

test('servers tell each other of whole rooms; one client speaks for a few', () => {
  const [here, there] = [new RoomAwareness(), new RoomAwareness()];
  for (let n = 0; n < 150; n++) here.take(person().say({ n }), n);
  const everybody = here.takeChanges() ?? new Uint8Array();
  there.hear(everybody);
  expect(decodeAwareness(there.everybody() ?? new Uint8Array()).size).toBe(150);
  expect(() => there.take(everybody, 'one')).toThrow(RangeError);
});

test('whatever bytes come, they are decoded or refused', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
      try {
        decodeAwareness(bytes);
      } catch (error) {
        expect(error).toBeInstanceOf(RangeError);
      }
    }),
    { numRuns: 2_000 },
  );
});
