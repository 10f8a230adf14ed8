import fc from 'fast-check';
import { expect, test } from 'vitest';
import * as awarenessProtocol from 'y-protocols/awareness';
import * as Y from 'yjs';
import { decodeAwareness, encodeAwareness, RoomAwareness } from './awareness.ts';

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
  for (const x of [1, 2, 3]) room.take(one.say({ x }), 'one', 'ann');
  room.take(other.say({ y: 1 }), 'other', 'bob');
  awarenessProtocol.applyAwarenessUpdate(
    other.awareness,
    room.takeChanges()?.forClients ?? new Uint8Array(),
    'test',
  );
  expect(other.awareness.getStates().get(one.awareness.clientID)).toEqual({ x: 3 });
  expect(room.takeChanges()).toBeUndefined();
});

test('who leaves takes their cursors along, and nobody else can say so', () => {
  const room = new RoomAwareness();
  const [one, other] = [person(), person()];
  room.take(one.say({ x: 1 }), 'one', 'ann');
  awarenessProtocol.applyAwarenessUpdate(
    other.awareness,
    room.takeChanges()?.forClients ?? new Uint8Array(),
    'test',
  );
  room.leave('other');
  expect(room.hasChanges).toBe(false);
  room.leave('one');
  awarenessProtocol.applyAwarenessUpdate(
    other.awareness,
    room.takeChanges()?.forClients ?? new Uint8Array(),
    'test',
  );
  expect(other.awareness.getStates().has(one.awareness.clientID)).toBe(false);
  expect(room.everybody()).toBeUndefined();
});

test('servers tell each other of whole rooms; one client speaks for a few', () => {
  const [here, there] = [new RoomAwareness(), new RoomAwareness()];
  for (let n = 0; n < 150; n++) here.take(person().say({ n }), n, `person ${n}`);
  const { forClients, forServers } = here.takeChanges() ?? {};
  expect(there.hear(forServers ?? new Uint8Array())).toEqual(forClients);
  expect(there.hear(forServers ?? new Uint8Array())).toBeUndefined();
  expect(decodeAwareness(there.everybody() ?? new Uint8Array()).size).toBe(150);
  expect(() => there.take(forClients ?? new Uint8Array(), 'one', 'ann')).toThrow(RangeError);
});

test('nobody moves or ends the cursor of another person, here or from another server, not even once they have left', () => {
  const [here, there] = [new RoomAwareness(), new RoomAwareness()];
  const ann = person();
  here.take(ann.say({ x: 1 }), 'tab', 'ann');
  there.hear(here.takeChanges()?.forServers ?? new Uint8Array());
  const forged = (state: string) => encodeAwareness([[ann.awareness.clientID, { clock: 1e15, state }]]);
  for (const room of [here, there]) {
    for (const state of ['{"x":666}', 'null']) room.take(forged(state), 'other', 'mallory');
    expect(room.hasChanges).toBe(false);
    room.leave('other');
    expect(room.takeChanges()).toBeUndefined();
  }
  here.leave('tab');
  here.take(forged('{"x":666}'), 'other', 'mallory');
  here.take(ann.say({ x: 2 }), 'tab', 'ann');
  here.take(ann.say({ x: 3 }), 'tab', 'ann');
  expect(stateOf(here, ann.awareness.clientID)).toEqual({ x: 3 });
});

test('a cursor goes on with the connection that spoke last, whichever of them is missed', () => {
  const room = new RoomAwareness();
  const ann = person();
  room.take(ann.say({ x: 1 }), 'lost', 'ann');
  room.take(ann.say({ x: 2 }), 'back', 'ann');
  room.leave('lost');
  expect(stateOf(room, ann.awareness.clientID)).toEqual({ x: 2 });
  const elsewhere = new RoomAwareness();
  elsewhere.take(ann.say({ x: 3 }), 'moved', 'ann');
  room.hear(elsewhere.takeChanges()?.forServers ?? new Uint8Array());
  room.leave('back');
  expect(stateOf(room, ann.awareness.clientID)).toEqual({ x: 3 });
  elsewhere.leave('moved');
  room.hear(elsewhere.takeChanges()?.forServers ?? new Uint8Array());
  expect(room.everybody()).toBeUndefined();
});

test('a connection has as many cursors as a person needs, however many updates it sends', () => {
  const room = new RoomAwareness();
  const say = () => room.take(person().say({}), 'tab', 'ann');
  for (let n = 0; n < 20; n++) say();
  expect(say).toThrow(RangeError);
});

const stateOf = (room: RoomAwareness, client: number) =>
  JSON.parse(decodeAwareness(room.everybody() ?? new Uint8Array()).get(client)?.state ?? 'null');

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
