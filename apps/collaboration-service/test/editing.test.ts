import { randomUUID } from 'node:crypto';
import { eventually } from '@kyong/testing';
import { expect, it } from 'vitest';
import * as awarenessProtocol from 'y-protocols/awareness';
import * as Y from 'yjs';
import { ask, collaborate, connect, connected, createDocument, createWorld } from './harness.ts';

const aClass = { title: 'Yoga', day: 1, start: '18:30', minutes: 60 };

it('an edit is acknowledged with its number and reaches everybody else, on other servers too', async () => {
  const world = await createWorld();
  const [a, b] = [await world.startServer(), await world.startServer()];
  const { tenantId } = await world.createGym();
  const token = await world.token(tenantId, { role: 'gym_owner' });
  const documentId = await createDocument(a, token);
  const [writer, neighbour, distant] = [connect(a.url, token), connect(a.url, token), connect(b.url, token)];
  for (const socket of [writer, neighbour, distant])
    expect(await ask(socket, 'document:join', { documentId })).toMatchObject({
      ok: true,
      role: 'owner',
      seq: 0,
    });
  const heard: string[] = [];
  const docs = [neighbour, distant].map((socket) => {
    const doc = new Y.Doc();
    socket.on('document:update', ({ update, seq }) => {
      Y.applyUpdate(doc, new Uint8Array(update));
      heard.push(`${seq}`);
    });
    return doc;
  });
  writer.on('document:update', () => heard.push('echo'));

  const doc = new Y.Doc();
  doc.getMap('schedule.classes').set('a', aClass);
  const update = Y.encodeStateAsUpdate(doc);
  expect(await ask(writer, 'document:update', { documentId, update })).toEqual({ ok: true, seq: 1 });
  await eventually(() => {
    for (const other of docs) expect(other.getMap('schedule.classes').toJSON()).toEqual({ a: aClass });
  });
  expect(heard).toEqual(['1', '1']);

  const sync = await ask(distant, 'document:sync', {
    documentId,
    stateVector: Y.encodeStateVector(new Y.Doc()),
  });
  const copy = new Y.Doc();
  Y.applyUpdate(copy, new Uint8Array(sync.update));
  expect([sync.seq, copy.getMap('schedule.classes').toJSON()]).toEqual([1, { a: aClass }]);
});

it('a document outlives every server and everything in Redis that a snapshot has', async () => {
  const world = await createWorld();
  const server = await world.startServer();
  const { tenantId } = await world.createGym();
  const token = await world.token(tenantId, { role: 'gym_owner' });
  const documentId = await createDocument(server, token);
  const client = collaborate(server.url, async () => token);
  const session = await client.open(documentId);
  await session.synced();
  session.doc.getText('notes').insert(0, 'kept');
  await eventually(() => expect(session.isSaved).toBe(true));
  client.close();
  await server.stop();

  const next = await world.startServer();
  const again = await collaborate(next.url, async () => token).open(documentId);
  await again.synced();
  expect(again.doc.getText('notes').toString()).toBe('kept');
});

it('offline edits of two people merge when they come back', async () => {
  const world = await createWorld();
  const server = await world.startServer();
  const { tenantId } = await world.createGym();
  const token = await world.token(tenantId, { role: 'gym_owner' });
  const documentId = await createDocument(server, token, 'course_planning');
  const clients = [collaborate(server.url, async () => token), collaborate(server.url, async () => token)];
  const sessions = await Promise.all(clients.map((client) => client.open(documentId)));
  await Promise.all(sessions.map((session) => session.synced()));
  for (const client of clients) client.socket.disconnect();
  for (const [index, { doc }] of sessions.entries())
    doc.getText('course.notes').insert(0, `offline ${index} `);
  for (const client of clients) client.socket.connect();
  await eventually(() => {
    const texts = sessions.map(({ doc }) => doc.getText('course.notes').toString());
    expect(texts[0]).toBe(texts[1]);
    expect(texts[0]).toContain('offline 0');
    expect(texts[0]).toContain('offline 1');
  });
});

it('cursors are told in batches, to newcomers too, and go with their owner', async () => {
  const world = await createWorld();
  const [a, b] = [await world.startServer(), await world.startServer()];
  const { tenantId } = await world.createGym();
  const token = await world.token(tenantId, { role: 'gym_owner' });
  const documentId = await createDocument(a, token);
  const one = collaborate(a.url, async () => token);
  const session = await one.open(documentId);
  await session.synced();
  session.awareness.setLocalState({ cursor: 7 });
  for (const { url } of [a, b]) {
    const other = await collaborate(url, async () => token).open(documentId);
    await eventually(() =>
      expect(other.awareness.getStates().get(session.doc.clientID)).toEqual({ cursor: 7 }),
    );
  }
  const last = await collaborate(b.url, async () => token).open(documentId);
  await eventually(() => expect(last.awareness.getStates().has(session.doc.clientID)).toBe(true));
  one.close();
  await eventually(() => expect(last.awareness.getStates().has(session.doc.clientID)).toBe(false));
});

it('says who comes and who goes, once a person, across servers', async () => {
  const world = await createWorld();
  const [a, b] = [await world.startServer(), await world.startServer()];
  const { tenantId } = await world.createGym();
  const [watcher, guest] = [randomUUID(), randomUUID()];
  const token = await world.token(tenantId, { role: 'gym_owner', userId: watcher });
  const documentId = await createDocument(a, token);
  const watching = await connected(connect(a.url, token));
  const heard: string[] = [];
  for (const change of ['joined', 'left'])
    watching.on(`presence:${change}`, ({ user }) =>
      heard.push(`${user.id === guest ? 'guest' : '?'} ${change}`),
    );
  await ask(watching, 'document:join', { documentId });
  const guestToken = await world.token(tenantId, { role: 'gym_owner', userId: guest });
  const [first, second] = [connect(a.url, guestToken), connect(b.url, guestToken)];
  await ask(first, 'document:join', { documentId });
  await ask(second, 'document:join', { documentId });
  first.disconnect();
  await eventually(() => expect(heard).toEqual(['guest joined']));
  second.disconnect();
  await eventually(() => expect(heard).toEqual(['guest joined', 'guest left']));
});

it('an awareness update that would break those who read it is refused', async () => {
  const world = await createWorld();
  const server = await world.startServer();
  const { tenantId } = await world.createGym();
  const token = await world.token(tenantId, { role: 'gym_owner' });
  const documentId = await createDocument(server, token);
  const socket = connect(server.url, token);
  await ask(socket, 'document:join', { documentId });
  const awareness = new awarenessProtocol.Awareness(new Y.Doc());
  awareness.setLocalState({ a: 1 });
  const update = awarenessProtocol.encodeAwarenessUpdate(awareness, [awareness.clientID]);
  expect(await ask(socket, 'awareness:update', { documentId, update })).toEqual({ ok: true });
  update[update.length - 1] = 0x20;
  expect(await ask(socket, 'awareness:update', { documentId, update })).toMatchObject({
    code: 'malformed_request',
  });
  awareness.destroy();
});
