import { eventually } from '@kyong/testing';
import { expect, it } from 'vitest';
import * as Y from 'yjs';
import { ask, collaborate, connect, createDocument, createWorld, request } from './harness.ts';

async function createEditor(kind = 'schedule_management') {
  const world = await createWorld();
  const server = await world.startServer();
  const { tenantId } = await world.createGym();
  const token = await world.token(tenantId, { role: 'gym_owner' });
  const documentId = await createDocument(server, token, kind);
  const session = await collaborate(server.url, async () => token).open(documentId);
  await session.synced();
  const saved = () => eventually(() => expect(session.isSaved).toBe(true));
  return { world, server, tenantId, token, documentId, session, saved };
}

const yoga = { title: 'Yoga', day: 1, start: '18:30', minutes: 60 };

it('documents are listed newest first, by pages and kinds', async () => {
  const { server, token, documentId } = await createEditor();
  const second = await createDocument(server, token, 'course_planning');
  const third = await createDocument(server, token);
  const first = await request(server, 'GET', '?limit=2', token);
  expect(first.body.documents.map(({ documentId: id }: { documentId: string }) => id)).toEqual([
    third,
    second,
  ]);
  const rest = await request(server, 'GET', `?limit=2&cursor=${first.body.nextCursor}`, token);
  expect(rest.body).toMatchObject({
    documents: [{ documentId, title: 'Week 12', role: 'owner' }],
    nextCursor: null,
  });
  expect((await request(server, 'GET', '?kind=course_planning', token)).body.documents).toHaveLength(1);
  expect((await request(server, 'GET', '?cursor=rubbish', token)).status).toBe(400);
});

it('versions are kept, say what changed, and come back as a new edit that others receive', async () => {
  const { server, token, documentId, session, saved } = await createEditor();
  const classes = session.doc.getMap('schedule.classes');
  classes.set('yoga', yoga);
  await saved();
  const kept = await request(server, 'POST', `/${documentId}/history`, token, { name: 'first draft' });
  expect(kept.status).toBe(201);
  expect(kept.body.summary).toEqual({ 'schedule.classes': { added: 1, changed: 0, removed: 0 } });

  session.doc.transact(() => {
    classes.set('yoga', { ...yoga, start: '19:00' });
    classes.set('boxing', { ...yoga, title: 'Boxing' });
  });
  session.doc.getText('notes').insert(0, 'also gone');
  await saved();
  const other = await collaborate(server.url, async () => token).open(documentId);
  await other.synced();
  const { versionId } = kept.body;
  const restored = await request(server, 'POST', `/${documentId}/restore`, token, { versionId });
  expect(restored).toMatchObject({ status: 200, body: { versionId } });
  for (const { doc } of [session, other])
    await eventually(() => {
      expect(doc.getMap('schedule.classes').toJSON()).toEqual({ yoga });
      expect(doc.getText('notes').toString()).toBe('');
    });

  const { body } = await request(server, 'GET', `/${documentId}/history`, token);
  expect(
    body.versions.map(({ name, summary }: { name: string; summary: object }) => [name, summary]),
  ).toEqual([
    [null, { 'schedule.classes': { added: 1, changed: 1, removed: 0 } }],
    ['first draft', { 'schedule.classes': { added: 1, changed: 0, removed: 0 } }],
  ]);
  const unknown = await request(server, 'POST', `/${documentId}/restore`, token, { versionId: documentId });
  expect([unknown.status, unknown.body.code]).toEqual([404, 'not_found']);
});

it('two restores at once, on two servers, restore once', async () => {
  const { world, server, token, documentId, session, saved } = await createEditor('course_planning');
  const other = await world.startServer();
  const notes = session.doc.getText('course.notes');
  notes.insert(0, 'version one');
  await saved();
  const kept = await request(server, 'POST', `/${documentId}/history`, token, { name: 'one' });
  notes.delete(0, notes.length);
  notes.insert(0, 'something else');
  await saved();
  const { versionId } = kept.body;
  const restore = (on: typeof server) => request(on, 'POST', `/${documentId}/restore`, token, { versionId });
  const answers = await Promise.all([server, other, server, other].map(restore));
  const refused = answers.filter(({ status }) => status !== 200);
  expect(refused.length).toBeLessThan(answers.length);
  for (const { status, body } of refused) expect([status, body.code]).toEqual([409, 'restore_running']);
  await eventually(() => expect(notes.toString()).toBe('version one'));
  // One after the other there is nothing left to undo.
  expect((await restore(other)).status).toBe(200);
  const fresh = await collaborate(other.url, async () => token).open(documentId);
  await fresh.synced();
  expect(fresh.doc.getText('course.notes').toString()).toBe('version one');
});

it('comments stay with their place while others edit around it', async () => {
  const { world, server, tenantId, token, documentId, session, saved } =
    await createEditor('course_planning');
  const notes = session.doc.getText('course.notes');
  notes.insert(0, 'squats and rows');
  await saved();
  const anchor = Buffer.from(
    Y.encodeRelativePosition(Y.createRelativePositionFromTypeIndex(notes, 11)),
  ).toString('base64');
  const added = await request(server, 'POST', `/${documentId}/comments`, token, { text: 'too many', anchor });
  expect(added).toMatchObject({ status: 201, body: { text: 'too many', anchor, resolved: false } });
  notes.insert(0, 'warm up, ');
  const position = Y.createAbsolutePositionFromRelativePosition(
    Y.decodeRelativePosition(Buffer.from(added.body.anchor, 'base64')),
    session.doc,
  );
  expect(notes.toString().slice(position?.index)).toBe('rows');

  const path = `/${documentId}/comments/${added.body.commentId}`;
  const stranger = await world.token(tenantId, { role: 'gym_manager' });
  expect((await request(server, 'PUT', path, stranger, { text: 'mine now' })).status).toBe(403);
  expect((await request(server, 'PUT', path, stranger, { resolved: true })).body.resolved).toBe(true);
  expect((await request(server, 'PUT', path, token, {})).status).toBe(400);
  expect((await request(server, 'DELETE', path, token)).status).toBe(204);
  expect((await request(server, 'GET', `/${documentId}/comments`, token)).body.comments).toEqual([]);
  const bad = await request(server, 'POST', `/${documentId}/comments`, token, {
    text: 'x',
    anchor: 'AQID/w==',
  });
  expect(bad.status).toBe(400);
});

it('an edit that is not of the kind is refused, and everybody else goes on', async () => {
  const { server, token, documentId, session, saved } = await createEditor();
  const breaking: ((doc: Y.Doc) => void)[] = [
    (doc) => doc.getMap('schedule.classes').set('a', { ...yoga, start: 'in the evening' }),
    (doc) => doc.getMap('schedule.classes').set('a', { ...yoga, price: 100 }),
    (doc) => doc.getMap('schedule.classes').set('a', 'yoga'),
    (doc) => doc.getArray('schedule.classes').push([yoga]),
    (doc) => doc.getMap('schedule.week').set('startsOn', 'monday'),
    (doc) => doc.getMap('free').set('sub', new Y.Doc()),
  ];
  for (const change of breaking) {
    const doc = new Y.Doc();
    change(doc);
    const socket = connect(server.url, token);
    await ask(socket, 'document:join', { documentId });
    const answer = await ask(socket, 'document:update', { documentId, update: Y.encodeStateAsUpdate(doc) });
    expect(answer).toMatchObject({ ok: false, code: 'update_refused' });
  }
  session.doc.getMap('schedule.classes').set('b', yoga);
  session.doc.getMap('anything').set('free', [1, 2]);
  await saved();
  const fresh = await collaborate(server.url, async () => token).open(documentId);
  await fresh.synced();
  expect(fresh.doc.getMap('schedule.classes').toJSON()).toEqual({ b: yoga });
  expect(fresh.doc.getMap('free').size).toBe(0);
});
