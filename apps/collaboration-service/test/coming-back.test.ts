import { randomUUID } from 'node:crypto';
import { eventually } from '@kyong/testing';
import { expect, it } from 'vitest';
import { collaborate, createDocument, createWorld, request } from './harness.ts';

async function createEditors(kind = 'course_planning') {
  const world = await createWorld();
  const server = await world.startServer();
  const { tenantId } = await world.createGym();
  const token = await world.token(tenantId, { role: 'gym_owner' });
  const documentId = await createDocument(server, token, kind);
  const enter = async () => {
    const client = collaborate(server.url, async () => token);
    const session = await client.open(documentId);
    await session.synced();
    return { client, session };
  };
  return { world, server, tenantId, token, documentId, enter };
}

const longText = '課'.repeat(100_000);

it('a text of 100,000 characters arrives, pasted at once or written offline', async () => {
  const { enter } = await createEditors();
  const [writer, reader] = [await enter(), await enter()];
  const textOf = ({ session }: typeof writer) => session.doc.getText('course.notes').toString();
  writer.session.doc.getText('course.notes').insert(0, longText);
  await eventually(() => expect(writer.session.isSaved).toBe(true));
  await eventually(() => expect(textOf(reader) === longText).toBe(true));

  writer.client.socket.disconnect();
  for (let n = 0; n < 95; n++)
    writer.session.doc.getText('course.notes').insert(0, `${n}`.padStart(1_000, '班'));
  const written = textOf(writer);
  writer.client.socket.connect();
  await eventually(() => expect(writer.session.isSaved).toBe(true));
  await eventually(() => expect(textOf(reader) === written).toBe(true));
});

it('an editor comes back when their gym is open again, with what they wrote meanwhile', async () => {
  const { world, tenantId, enter } = await createEditors();
  const { session } = await enter();
  world.closed.add(tenantId);
  await eventually(() => expect(session.status).toBe('offline'));
  session.doc.getText('course.notes').insert(0, 'written meanwhile');
  expect(session.isSaved).toBe(false);
  world.closed.delete(tenantId);
  await eventually(() => expect(session.isSaved).toBe(true));
  const other = await enter();
  expect(other.session.doc.getText('course.notes').toString()).toBe('written meanwhile');
});

it('an editor whose connection broke is seen by others as soon as it is back', async () => {
  const { enter } = await createEditors();
  const [one, other] = [await enter(), await enter()];
  one.session.awareness.setLocalState({ n: 1 });
  const isSeen = () => other.session.awareness.getStates().has(one.session.doc.clientID);
  await eventually(() => expect(isSeen()).toBe(true));
  const gone = new Promise<void>((resolve) =>
    other.session.awareness.on('change', ({ removed }: { removed: number[] }) => {
      if (removed.includes(one.session.doc.clientID)) resolve();
    }),
  );
  one.client.socket.io.engine.close();
  await gone;
  await eventually(() => expect(isSeen()).toBe(true));
  one.session.awareness.setLocalState({ n: 2 });
  await eventually(() =>
    expect(other.session.awareness.getStates().get(one.session.doc.clientID)).toEqual({ n: 2 }),
  );
});

it('what a viewer wrote is not saved, and is when they become an editor', async () => {
  const { world, server, tenantId, token, documentId } = await createEditors();
  const userId = randomUUID();
  const give = (role: string) => request(server, 'PUT', `/${documentId}/roles/${userId}`, token, { role });
  await give('viewer');
  const trainer = await world.token(tenantId, { role: 'trainer', userId });
  const session = await collaborate(server.url, async () => trainer).open(documentId);
  await session.synced();
  expect(session.isSaved).toBe(true);
  session.doc.getText('course.notes').insert(0, 'a note');
  expect(session.isSaved).toBe(false);
  await give('editor');
  await eventually(() => expect(session.isSaved).toBe(true));
  const other = await collaborate(server.url, async () => token).open(documentId);
  await other.synced();
  expect(other.doc.getText('course.notes').toString()).toBe('a note');
});
