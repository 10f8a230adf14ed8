import { eventually } from '@kyong/testing/eventually';
import 'fake-indexeddb/auto';
import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import fc from 'fast-check';
import { Server } from 'socket.io';
import { expect, it, onTestFinished } from 'vitest';
import * as Y from 'yjs';
import { CollaborationClient } from '../client/index.ts';
import { missingThere } from '../client/missing.ts';
import { Sequence } from '../client/sequence.ts';

/** A server that behaves as the test says. */
async function startServer(onConnection: (socket: import('socket.io').Socket) => void) {
  const http = createServer();
  const io = new Server(http);
  io.on('connection', onConnection);
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => io.close());
  return { url: `http://127.0.0.1:${(http.address() as AddressInfo).port}`, io };
}

function createClient(url: string): CollaborationClient {
  const client = new CollaborationClient(url, {
    getToken: async () => 'token',
    socket: { transports: ['websocket'], reconnectionDelay: 20 },
  });
  onTestFinished(() => client.close());
  return client;
}

const emptyDocument = { ok: true, role: 'owner', seq: 0, update: Buffer.of(0, 0), stateVector: Buffer.of(0) };

it('a document that is kept in the browser opens without a network, offline edits in it', async () => {
  const nowhere = 'http://127.0.0.1:1';
  const documentId = randomUUID();
  const first = createClient(nowhere);
  const session = await first.open(documentId, { persist: true });
  session.doc.getText('notes').insert(0, 'written on the train');
  expect(session.isSaved).toBe(false);
  await eventually(async () => {
    const copy = new Y.Doc();
    const { IndexeddbPersistence } = await import('y-indexeddb');
    await new IndexeddbPersistence(`kyo-document-${documentId}`, copy).whenSynced;
    expect(copy.getText('notes').toString()).not.toBe('');
  });
  first.close();
  const again = await createClient(nowhere).open(documentId, { persist: true });
  expect(again.doc.getText('notes').toString()).toBe('written on the train');
});

it('an update that nobody answers for is sent again when the connection is back', async () => {
  const received: Uint8Array[] = [];
  let joins = 0;
  const { url } = await startServer((socket) => {
    socket.on('document:join', (_, acknowledge) => {
      joins += 1;
      acknowledge(emptyDocument);
    });
    socket.on('document:update', ({ update }, acknowledge) => {
      // The first goes under with its connection.
      if (joins === 1) socket.conn.close();
      else {
        received.push(update);
        acknowledge({ ok: true, seq: 1 });
      }
    });
  });
  const session = await createClient(url).open(randomUUID());
  await session.synced();
  session.doc.getText('notes').insert(0, 'once');
  await eventually(() => expect(session.isSaved && received.length).toBeTruthy());
  const doc = new Y.Doc();
  for (const update of received) Y.applyUpdate(doc, new Uint8Array(update));
  expect([joins, doc.getText('notes').toString()]).toEqual([2, 'once']);
});

it('a number that does not come is asked for', async () => {
  const missed = new Y.Doc();
  missed.getText('notes').insert(0, 'missed');
  const { url } = await startServer((socket) => {
    socket.on('document:join', ({ documentId }, acknowledge) => {
      acknowledge(emptyDocument);
      socket.emit('document:update', { documentId, update: Buffer.of(0, 0), seq: 2 });
    });
    socket.on('document:sync', (_, acknowledge) =>
      acknowledge({ ok: true, seq: 2, update: Buffer.from(Y.encodeStateAsUpdate(missed)) }),
    );
  });
  const session = await createClient(url).open(randomUUID());
  await eventually(() => expect(session.doc.getText('notes').toString()).toBe('missed'));
});

it('asking for a number that did not come is tried again when the server cannot answer', async () => {
  const missed = new Y.Doc();
  missed.getText('notes').insert(0, 'missed');
  let joins = 0;
  const { url } = await startServer((socket) => {
    socket.on('document:join', ({ documentId }, acknowledge) => {
      joins += 1;
      if (joins === 1) {
        acknowledge(emptyDocument);
        socket.emit('document:update', { documentId, update: Buffer.of(0, 0), seq: 2 });
      } else acknowledge({ ...emptyDocument, seq: 2, update: Buffer.from(Y.encodeStateAsUpdate(missed)) });
    });
    socket.on('document:sync', (_, acknowledge) =>
      acknowledge({ ok: false, code: 'unavailable', detail: 'Try again in a moment.' }),
    );
  });
  const session = await createClient(url).open(randomUUID());
  await eventually(() => expect(session.doc.getText('notes').toString()).toBe('missed'));
});

it('an edit that cannot be written at the moment is not saved until it is', async () => {
  let refusals = 0;
  let isWritable = true;
  const { url } = await startServer((socket) => {
    socket.on('document:join', (_, acknowledge) => acknowledge(emptyDocument));
    socket.on('document:update', (_, acknowledge) => {
      if (!isWritable) refusals += 1;
      acknowledge(isWritable ? { ok: true, seq: 1 } : { ok: false, code: 'unavailable', detail: '' });
    });
  });
  const session = await createClient(url).open(randomUUID());
  await session.synced();
  isWritable = false;
  session.doc.getText('notes').insert(0, 'once');
  const seen = new Set<boolean>();
  await eventually(
    () => {
      seen.add(session.isSaved);
      // The second follows the next join.
      expect(refusals).toBe(2);
    },
    { interval: 5 },
  );
  expect([...seen]).toEqual([false]);
  isWritable = true;
  await eventually(() => expect(session.isSaved).toBe(true));
});

it('a server that is about to stop is left at the time it says', async () => {
  let connections = 0;
  const { url } = await startServer((socket) => {
    connections += 1;
    if (connections === 1) socket.emit('server:draining', { reconnectAfterMs: 50 });
  });
  createClient(url);
  await eventually(() => expect(connections).toBe(2));
});

it('numbers in any order leave no gap, and every missing one leaves one', () => {
  fc.assert(
    fc.property(fc.nat(1_000), fc.integer({ min: 1, max: 30 }), fc.nat(), (start, count, seed) => {
      const numbers = Array.from({ length: count }, (_, n) => start + 1 + n);
      const order = numbers.toSorted((a, b) => ((a * 7919 + seed) % 101) - ((b * 7919 + seed) % 101));
      const whole = new Sequence();
      whole.reset(start);
      for (const seq of order) whole.take(seq);
      expect(whole.hasGap).toBe(false);
      const holed = new Sequence();
      holed.reset(start);
      for (const seq of order.filter((seq) => seq !== start + 1)) holed.take(seq);
      expect(holed.hasGap).toBe(count > 1);
    }),
  );
});

it('what was deleted and is deleted there is not sent again at each join, and what is not is', async () => {
  const theirs = new Y.Doc();
  theirs.getText('notes').insert(0, 'abc');
  const doc = new Y.Doc();
  Y.applyUpdate(doc, Y.encodeStateAsUpdate(theirs));
  const answer = () => ({
    stateVector: Y.encodeStateVector(theirs),
    update: Y.encodeStateAsUpdate(theirs, Y.encodeStateVector(doc)),
  });
  doc.getText('notes').delete(1, 1);
  expect(missingThere(doc, answer())).toBeDefined();
  theirs.getText('notes').delete(0, 2);
  expect(missingThere(doc, answer())).toBeUndefined();
});

it('comes back after every end of a connection by the server, and less and less often', async () => {
  const times: number[] = [];
  const { url } = await startServer((socket) => {
    times.push(performance.now());
    if (times.length < 4) socket.disconnect(true);
  });
  const client = createClient(url);
  await eventually(() => expect([times.length, client.socket.connected]).toEqual([4, true]));
  const [first = 0, second = 0, third = 0, fourth = 0] = times;
  expect(second - first).toBeGreaterThan(200);
  expect(fourth - third).toBeGreaterThan(900);
});

it('does not knock again where it was told that it may not enter', async () => {
  const attempts = { patient: 0, sent: 0 };
  const { url, io } = await startServer(() => {});
  io.use((socket, next) => {
    const who = socket.handshake.query.who as keyof typeof attempts;
    attempts[who] += 1;
    const code = who === 'patient' ? 'unavailable' : 'forbidden';
    next(Object.assign(new Error(code), { data: { code } }));
  });
  const client = createClient(`${url}?who=sent`);
  const codes: string[] = [];
  client.on('refused', (code) => codes.push(code));
  await eventually(() => expect(codes).toEqual(['forbidden']));
  createClient(`${url}?who=patient`);
  await eventually(() => expect(attempts).toEqual({ patient: 3, sent: 1 }));
});

it('a refusal is heard of, with the way out, though the connection ends with it', async () => {
  const { url } = await startServer((socket) => {
    socket.on('document:join', (_, acknowledge) => acknowledge(emptyDocument));
    socket.on('document:update', (_, acknowledge) => {
      acknowledge({ ok: false, code: 'update_refused', detail: 'course.outline: title' });
      socket.disconnect(true);
    });
  });
  const client = createClient(url);
  for (let n = 0; n < 3; n++) {
    const documentId = randomUUID();
    const session = await client.open(documentId);
    await session.synced();
    const refusal = new Promise((resolve) => session.once('refused', resolve));
    session.doc.getText('notes').insert(0, 'x');
    expect(await refusal).toMatchObject({
      code: 'update_refused',
      isFinal: true,
      wayOut: expect.stringContaining('anew'),
    });
    expect([session.status, session.isSaved]).toEqual(['refused', false]);
    const again = await client.open(documentId, { anew: true });
    expect(again).not.toBe(session);
    again.close();
  }
});
