import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { eventually } from '@kyong/testing';
import { expect, it, onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import * as Y from 'yjs';
import type { SocketLimits } from '../src/sockets/connection.ts';
import { ask, connect, connected, createDocument, createWorld } from './harness.ts';

const unlimited = { burst: 1e12, perSecond: 1e12 };

async function createGym(limits: Partial<SocketLimits>) {
  const world = await createWorld();
  const server = await world.startServer(limits);
  const { tenantId } = await world.createGym();
  const person = () => world.token(tenantId, { role: 'gym_owner', userId: randomUUID() });
  const token = await person();
  const documentId = await createDocument(server, token, 'course_planning');
  const enter = async (by = token) => {
    const socket = await connected(connect(server.url, by, { reconnection: false }));
    await ask(socket, 'document:join', { documentId });
    return socket;
  };
  return { server, token, person, documentId, enter };
}

function edit(change: (doc: Y.Doc) => void): Uint8Array {
  const doc = new Y.Doc();
  change(doc);
  return Y.encodeStateAsUpdate(doc);
}

const text = (length: number) => edit((doc) => doc.getText('free').insert(0, 'x'.repeat(length)));
const nothing = Uint8Array.of(0);

it('bytes are paid for by who asks for them: a debt is waited for, by nobody else, and nobody is sent away', async () => {
  const rate = { burst: 10_000, perSecond: 100 };
  const { person, documentId, enter } = await createGym({
    bytes: { socket: unlimited, person: rate, gym: unlimited },
  });
  const [other, socket] = [await enter(await person()), await enter()];
  expect(await ask(other, 'document:update', { documentId, update: text(8_000) })).toMatchObject({
    ok: true,
  });
  const sync = { documentId, stateVector: nothing };
  expect(await ask(socket, 'document:sync', sync)).toMatchObject({ ok: true });
  expect(await ask(socket, 'document:sync', sync)).toMatchObject({ ok: true });
  const refused = await ask(socket, 'document:sync', sync);
  expect(refused).toMatchObject({ ok: false, code: 'rate_limited' });
  expect(refused.retryAfterMs).toBeGreaterThan(10_000);
  const small = { documentId, update: text(1) };
  expect(await ask(other, 'document:update', small)).toMatchObject({ ok: true });
  expect(socket.connected).toBe(true);
  // With another connection the debt is the same.
  socket.disconnect();
  expect(await ask(await enter(), 'document:sync', sync)).toMatchObject({ code: 'rate_limited' });
});

it('what a connection lacks of a document is found out once at a time', async () => {
  const { documentId, enter } = await createGym({});
  const socket = await enter();
  await ask(socket, 'document:update', { documentId, update: text(200_000) });
  const answers = await Promise.all(
    Array.from({ length: 30 }, () =>
      ask(socket, 'document:sync', { documentId, stateVector: Uint8Array.of(1, 5, 1) }),
    ),
  );
  const refused = answers.filter(({ ok }) => !ok);
  expect(refused.length).toBeGreaterThan(15);
  expect(new Set(refused.map(({ code }) => code))).toEqual(new Set(['rate_limited']));
  expect(answers.some(({ ok }) => ok)).toBe(true);
});

it('edits of a gym beyond what Redis is to hold are put off', async () => {
  const { documentId, person, enter } = await createGym({ writtenBytes: { burst: 1_000, perSecond: 10 } });
  const [socket, other] = [await enter(), await enter(await person())];
  expect(await ask(socket, 'document:update', { documentId, update: text(2_000) })).toMatchObject({
    ok: true,
  });
  expect(await ask(other, 'document:update', { documentId, update: text(1) })).toMatchObject({
    code: 'rate_limited',
    retryAfterMs: expect.any(Number),
  });
});

it('who has had edits refused waits before the next, over any connection, and others do not', async () => {
  const { documentId, person, enter } = await createGym({
    refusedBytes: { burst: 100_000, perSecond: 1_000 },
  });
  const [socket, other] = [await enter(), await enter(await person())];
  const bad = edit((doc) => doc.getMap('course.outline').set('title', 5));
  expect(await ask(socket, 'document:update', { documentId, update: bad })).toMatchObject({
    code: 'update_refused',
  });
  await eventually(() => expect(socket.connected).toBe(false));
  const again = await enter();
  expect(await ask(again, 'document:update', { documentId, update: text(1) })).toMatchObject({
    code: 'rate_limited',
    retryAfterMs: expect.any(Number),
  });
  expect(await ask(other, 'document:update', { documentId, update: text(1) })).toMatchObject({ ok: true });
});

it('a gym that has had its large documents read for so long waits before the next', async () => {
  const { server, token, documentId, enter } = await createGym({
    threadMilliseconds: { burst: 0, perSecond: 0.001 },
  });
  const socket = await enter();
  const sync = { documentId, stateVector: nothing };
  expect(await ask(socket, 'document:update', { documentId, update: text(200_000) })).toMatchObject({
    ok: true,
  });
  expect(await ask(socket, 'document:sync', sync)).toMatchObject({
    code: 'rate_limited',
    retryAfterMs: expect.any(Number),
  });
  for (const method of ['GET', 'POST'] as const) {
    const answer = await server.app.inject({
      method,
      url: `/api/collaboration/documents/${documentId}/history`,
      headers: { authorization: `Bearer ${token}` },
      ...(method === 'POST' && { payload: { name: 'spring' } }),
    });
    expect(answer.json()).toMatchObject({ code: 'rate_limited' });
    expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
  }
});

it('a person has so many sockets and a gym so many, and one that ends makes room', async () => {
  const { server, token, person } = await createGym({ sockets: { ofPerson: 3, ofGym: 5 } });
  const refusal = async (by: string) => {
    const [error] = await once(connect(server.url, by, { reconnection: false }) as never, 'connect_error');
    return (error as { data: unknown }).data;
  };
  const enter = (by: string) => connected(connect(server.url, by, { reconnection: false }));
  const [first] = await Promise.all([enter(token), enter(token), enter(token)]);
  expect(await refusal(token)).toEqual({ code: 'too_many_sockets' });
  const other = await person();
  await Promise.all([enter(other), enter(other)]);
  expect(await refusal(await person())).toEqual({ code: 'too_many_sockets' });
  first?.disconnect();
  await eventually(() => enter(token));
});

it('who asks and does not read the answers is cut', async () => {
  const { server, token, person, documentId, enter } = await createGym({
    bytes: { socket: unlimited, person: unlimited, gym: unlimited },
    events: unlimited,
  });
  const writer = await enter(await person());
  const heard: string[] = [];
  for (const change of ['joined', 'left']) writer.on(`presence:${change}`, () => heard.push(change));
  for (let n = 0; n < 8; n++) await ask(writer, 'document:update', { documentId, update: text(200_000) });
  const socket = new WebSocket(`${server.url.replace('http', 'ws')}/socket.io/?EIO=4&transport=websocket`);
  onTestFinished(() => socket.terminate());
  await once(socket, 'open');
  socket.on('message', (data) => {
    if (String(data).startsWith('40')) socket.send(`420["document:join",{"documentId":"${documentId}"}]`);
  });
  socket.send(`40${JSON.stringify({ token })}`);
  await eventually(() => expect(heard).toEqual(['joined']));
  socket.pause();
  const asking = setInterval(() => {
    socket.send(
      `451-1["document:sync",{"documentId":"${documentId}","stateVector":{"_placeholder":true,"num":0}}]`,
    );
    socket.send(nothing);
  }, 5);
  onTestFinished(() => clearInterval(asking));
  await eventually(() => expect(heard).toEqual(['joined', 'left']));
});
