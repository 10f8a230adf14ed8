import { randomUUID } from 'node:crypto';
import { eventually } from '@kyong/testing';
import { expect, it } from 'vitest';
import * as Y from 'yjs';
import { ask, collaborate, connect, connected, createDocument, createWorld, request } from './harness.ts';

const update = () => {
  const doc = new Y.Doc();
  doc.getText('notes').insert(0, 'x');
  return Y.encodeStateAsUpdate(doc);
};

async function createGymWithDocument() {
  const world = await createWorld();
  const servers = [await world.startServer(), await world.startServer()] as const;
  const { tenantId } = await world.createGym();
  const owner = await world.token(tenantId, { role: 'gym_staff' });
  const documentId = await createDocument(servers[0], owner);
  return { world, servers, tenantId, owner, documentId };
}

it.each([
  ['viewer', false],
  ['editor', true],
  ['owner', true],
] as const)('a %s may edit: %s', async (role, mayEdit) => {
  const { world, servers, tenantId, owner, documentId } = await createGymWithDocument();
  const userId = randomUUID();
  const token = await world.token(tenantId, { userId, role: 'trainer' });
  const socket = connect(servers[1].url, token);
  expect(await ask(socket, 'document:join', { documentId })).toMatchObject({ ok: false, code: 'not_found' });
  expect((await request(servers[0], 'GET', `/${documentId}`, token)).status).toBe(404);
  expect((await request(servers[0], 'PUT', `/${documentId}/roles/${userId}`, token, { role })).status).toBe(
    404,
  );

  expect(await request(servers[0], 'PUT', `/${documentId}/roles/${userId}`, owner, { role })).toEqual({
    status: 200,
    body: { userId, role },
  });
  expect(await ask(socket, 'document:join', { documentId })).toMatchObject({ ok: true, role });
  const answer = await ask(socket, 'document:update', { documentId, update: update() });
  expect(answer).toMatchObject(mayEdit ? { ok: true } : { ok: false, code: 'forbidden' });
  // Only an owner says who may do what.
  const grant = await request(servers[0], 'PUT', `/${documentId}/roles/${randomUUID()}`, token, {
    role: 'viewer',
  });
  expect(grant.status).toBe(role === 'owner' ? 200 : 403);
});

it('a role that is changed or taken away holds at once, on other servers too', async () => {
  const { world, servers, tenantId, owner, documentId } = await createGymWithDocument();
  const userId = randomUUID();
  await request(servers[0], 'PUT', `/${documentId}/roles/${userId}`, owner, { role: 'editor' });
  const token = await world.token(tenantId, { userId, role: 'trainer' });
  const session = await collaborate(servers[1].url, async () => token).open(documentId);
  await session.synced();
  const socket = connect(servers[1].url, token);
  await ask(socket, 'document:join', { documentId });

  await request(servers[0], 'PUT', `/${documentId}/roles/${userId}`, owner, { role: 'viewer' });
  await eventually(() => expect(session.role).toBe('viewer'));
  expect(await ask(socket, 'document:update', { documentId, update: update() })).toMatchObject({
    code: 'forbidden',
  });

  const leavers: unknown[] = [];
  const watcher = await connected(connect(servers[0].url, owner));
  watcher.on('presence:left', ({ user }) => leavers.push(user.id));
  await ask(watcher, 'document:join', { documentId });
  expect((await request(servers[0], 'DELETE', `/${documentId}/roles/${userId}`, owner)).status).toBe(204);
  await eventually(() => expect(session.status).toBe('refused'));
  expect(await ask(socket, 'document:update', { documentId, update: update() })).toMatchObject({
    code: 'not_joined',
  });
  expect(await ask(socket, 'document:sync', { documentId, stateVector: new Uint8Array([0]) })).toMatchObject({
    code: 'not_joined',
  });
  await eventually(() => expect(leavers).toEqual([userId]));
});

it("the gym's owner owns every document, its manager unless told otherwise", async () => {
  const { world, servers, tenantId, owner, documentId } = await createGymWithDocument();
  const managerId = randomUUID();
  const manager = await world.token(tenantId, { userId: managerId, role: 'gym_manager' });
  const gymOwner = await world.token(tenantId, { role: 'gym_owner' });
  for (const token of [manager, gymOwner])
    expect((await request(servers[0], 'GET', `/${documentId}`, token)).body.role).toBe('owner');
  await request(servers[0], 'PUT', `/${documentId}/roles/${managerId}`, owner, { role: 'viewer' });
  expect((await request(servers[0], 'GET', `/${documentId}`, manager)).body.role).toBe('viewer');
});

it('a member of the gym creates no documents and sees none; a token for no gym does not get in', async () => {
  const { world, servers, tenantId } = await createGymWithDocument();
  const member = await world.token(tenantId, { role: 'member' });
  const created = await request(servers[0], 'POST', '', member, { kind: 'course_planning', title: 'x' });
  expect([created.status, created.body.code]).toEqual([403, 'forbidden']);
  expect((await request(servers[0], 'GET', '', member)).body).toEqual({ documents: [], nextCursor: null });
  const nowhere = await world.signingKeys.sign({ sub: 'x', roles: [], scope: 'session' }, 60);
  for (const [token, code] of [
    [nowhere, 'forbidden'],
    ['rubbish', 'unauthenticated'],
    [undefined, 'unauthenticated'],
    [{ $ne: null }, 'unauthenticated'],
    [await world.token(tenantId, { seconds: -10 }), 'unauthenticated'],
  ]) {
    const socket = connect(servers[0].url, token, { reconnection: false });
    const error = await new Promise<Error & { data?: unknown }>((resolve) =>
      socket.once('connect_error', resolve),
    );
    expect(error.data).toEqual({ code });
  }
});

it('a socket that is refused is a line in the log: where from and why, and never the token', async () => {
  const { world, servers, tenantId } = await createGymWithDocument();
  const token = await world.token(tenantId, { seconds: -10 });
  const socket = connect(servers[0].url, token, { reconnection: false });
  await new Promise((resolve) => socket.once('connect_error', resolve));
  const lines = world.log.filter((line) => line.includes('"securityEvent"'));
  expect(lines.map((line) => JSON.parse(line))).toEqual([
    expect.objectContaining({
      ...{ securityEvent: 'token', outcome: 'refused', reason: 'unauthenticated' },
      ...{ actor: null, sourceIp: '127.0.0.1', requestId: expect.any(String) },
    }),
  ]);
  expect(world.log.join('')).not.toContain(token.split('.')[2]);
});

it('a token that expires is replaced, and the document stays', async () => {
  const { world, servers, tenantId, documentId } = await createGymWithDocument();
  const userId = randomUUID();
  let given = 0;
  const client = collaborate(servers[0].url, () => {
    given += 1;
    return world.token(tenantId, { userId, role: 'gym_owner', seconds: given === 1 ? 2 : 900 });
  });
  const session = await client.open(documentId);
  await session.synced();
  session.doc.getText('notes').insert(0, 'before, ');
  session.on('status', (status) => {
    if (status === 'offline') session.doc.getText('notes').insert(8, 'between');
  });
  await eventually(() => expect([given, session.isSaved]).toEqual([2, true]));
  expect(session.doc.getText('notes').toString()).toBe('before, between');
});

it('a tenant that is suspended is shut out within seconds', async () => {
  const { world, servers, tenantId, documentId } = await createGymWithDocument();
  const token = await world.token(tenantId, { role: 'gym_owner' });
  const socket = await connected(connect(servers[0].url, token));
  await ask(socket, 'document:join', { documentId });
  world.closed.add(tenantId);
  await eventually(() => expect(socket.connected).toBe(false));
  const again = connect(servers[1].url, token, { reconnection: false });
  const error = await new Promise<Error & { data?: unknown }>((resolve) =>
    again.once('connect_error', resolve),
  );
  expect(error.data).toEqual({ code: 'unavailable' });
});

it('whose access to the gym has ended has no socket any more, gets no new one, and reads nothing', async () => {
  const { world, servers, tenantId, owner, documentId } = await createGymWithDocument();
  const userId = randomUUID();
  const token = await world.token(tenantId, { userId, role: 'gym_manager' });
  const socket = await connected(connect(servers[0].url, token, { reconnection: false }));
  const gone = new Promise((resolve) => socket.once('disconnect', resolve));
  const other = await connected(connect(servers[0].url, owner, { reconnection: false }));
  world.endedAccess.add([{ id: 1, userId, tenantId, sessionId: null, endedAt: new Date() }]);
  await gone;
  const refused = connect(servers[1].url, token);
  const error = await new Promise<Error>((resolve) => refused.once('connect_error', resolve));
  expect(error.message).toBe('unauthenticated');
  expect((await request(servers[0], 'GET', `/${documentId}`, token)).status).toBe(401);
  expect(await ask(other, 'document:join', { documentId })).toMatchObject({ ok: true });
});
