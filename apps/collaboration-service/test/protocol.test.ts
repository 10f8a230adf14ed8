import { once } from 'node:events';
import { eventually } from '@kyong/testing';
import { describe, expect, it, onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import * as Y from 'yjs';
import type { SocketLimits } from '../src/sockets/connection.ts';
import { ask, connect, connected, createDocument, createWorld } from './harness.ts';
import { startStickyProxy } from './sticky-proxy.ts';

// What https://socket.io/docs/v4/engine-io-protocol/ and …/socket-io-protocol/ expect of a server.

async function createService(limits?: Partial<SocketLimits>) {
  const world = await createWorld();
  const server = await world.startServer(limits);
  const { tenantId } = await world.createGym();
  const token = await world.token(tenantId, { role: 'gym_owner' });
  const poll = (query: string, init?: RequestInit) => fetch(`${server.url}/socket.io/?EIO=4${query}`, init);
  return { world, server, tenantId, token, poll };
}

/** A WebSocket and what it has received. */
async function open(url: string) {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/socket.io/?EIO=4&transport=websocket`);
  onTestFinished(() => socket.terminate());
  const received: (string | Buffer)[] = [];
  socket.on('message', (data: Buffer, isBinary) => received.push(isBinary ? data : data.toString()));
  await once(socket, 'open');
  const next = (start: string) =>
    eventually(() => {
      const found = received.find(
        (packet) => typeof packet === 'string' && packet.startsWith(start),
      ) as string;
      expect(found, `${start} in ${received}`).toBeDefined();
      return found;
    });
  return { socket, received, next };
}

describe('Engine.IO', () => {
  it('opens a session by polling', async () => {
    const { poll } = await createService();
    const answer = await poll('&transport=polling');
    const text = await answer.text();
    expect([answer.status, text[0]]).toEqual([200, '0']);
    expect(JSON.parse(text.slice(1))).toEqual({
      sid: expect.any(String),
      upgrades: ['websocket'],
      pingInterval: 25_000,
      pingTimeout: 20_000,
      maxPayload: 1_048_576,
    });
  });

  it.each([
    ['', { code: 0, message: 'Transport unknown' }],
    ['&transport=carrier-pigeon', { code: 0, message: 'Transport unknown' }],
    ['&transport=polling&sid=nobody', { code: 1, message: 'Session ID unknown' }],
  ])('refuses %s', async (query, body) => {
    const { poll } = await createService();
    const answer = await poll(query);
    expect([answer.status, await answer.json()]).toEqual([400, body]);
  });

  it('refuses a session opened by POST, and other versions of the protocol', async () => {
    const { poll, server } = await createService();
    expect(await (await poll('&transport=polling', { method: 'POST' })).json()).toMatchObject({ code: 2 });
    const old = await fetch(`${server.url}/socket.io/?EIO=3&transport=polling`);
    expect([old.status, await old.json()]).toMatchObject([400, { code: 5 }]);
  });

  it('takes several packets in one request, and moves to a WebSocket after a probe', async () => {
    const { poll, server, token } = await createService();
    const { sid } = JSON.parse((await (await poll('&transport=polling')).text()).slice(1));
    const session = `&transport=polling&sid=${sid}`;
    const body = `40${JSON.stringify({ token })}`;
    expect(await (await poll(session, { method: 'POST', body })).text()).toBe('ok');
    expect(await (await poll(session)).text()).toMatch(/^40\{"sid":/);
    const leave = (id: number) => `42${id}["document:leave",{"documentId":"0"}]`;
    await poll(session, { method: 'POST', body: `${leave(1)}\u001e${leave(2)}` });
    const socket = new WebSocket(
      `${server.url.replace('http', 'ws')}/socket.io/?EIO=4&transport=websocket&sid=${sid}`,
    );
    onTestFinished(() => socket.terminate());
    await once(socket, 'open');
    socket.send('2probe');
    expect(String((await once(socket, 'message'))[0])).toBe('3probe');
  });
});

describe('Socket.IO', () => {
  it('lets in with a token, and answers events that ask for it', async () => {
    const { server, token } = await createService();
    const { socket, next } = await open(server.url);
    socket.send(`40${JSON.stringify({ token })}`);
    expect(await next('40')).toMatch(/^40\{"sid":"[\w-]+"\}$/);
    socket.send('4212["document:leave",{"documentId":"6f1d2c3b-4a5e-4f60-9b7c-8d9e0f1a2b3c"}]');
    expect(await next('4312')).toBe('4312[{"ok":true}]');
    socket.send('42["document:leave",{"documentId":"6f1d2c3b-4a5e-4f60-9b7c-8d9e0f1a2b3c"}]');
    socket.send('4213["document:sync",{}]');
    expect(await next('4313')).toContain('"code":"malformed_request"');
  });

  it('refuses a bad token and a namespace that is not there, and says so', async () => {
    const { server } = await createService();
    const bad = await open(server.url);
    bad.socket.send('40{"token":"rubbish"}');
    expect(await bad.next('44')).toBe('44{"message":"unauthenticated","data":{"code":"unauthenticated"}}');
    const other = await open(server.url);
    other.socket.send('40/admin,{}');
    expect(await other.next('44/admin,')).toBe('44/admin,{"message":"Invalid namespace"}');
  });

  it('sends bytes as attachments, and takes them so', async () => {
    const { server, token } = await createService();
    const documentId = await createDocument(server, token);
    const { socket, next, received } = await open(server.url);
    socket.send(`40${JSON.stringify({ token })}`);
    await next('40');
    socket.send(`420["document:join",{"documentId":"${documentId}"}]`);
    expect(await next('462-0')).toContain('"update":{"_placeholder":true,"num":0}');
    const doc = new Y.Doc();
    doc.getText('a').insert(0, 'x');
    socket.send(
      `451-1["document:update",{"documentId":"${documentId}","update":{"_placeholder":true,"num":0}}]`,
    );
    socket.send(Y.encodeStateAsUpdate(doc));
    expect(await next('431')).toBe('431[{"ok":true,"seq":1}]');
    expect(received.filter((packet) => Buffer.isBuffer(packet))).toHaveLength(2);
  });

  it('closes a connection that breaks the protocol, and only that', async () => {
    const { server, token } = await createService();
    const healthy = await connected(connect(server.url, token));
    for (const packet of [
      '4',
      '49',
      '42',
      '42["document:join"',
      '451-["x",{"_placeholder":true,"num":7}]',
      '452-["x",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]',
      '40{',
    ]) {
      const { socket, next } = await open(server.url);
      socket.send(`40${JSON.stringify({ token })}`);
      await next('40');
      socket.send(packet);
      socket.send(Buffer.from([1, 2, 3]));
      await eventually(() => expect(socket.readyState).toBe(WebSocket.CLOSED));
    }
    expect(await ask(healthy, 'document:leave', { documentId: crypto.randomUUID() })).toEqual({ ok: true });
  });

  it('closes the connection of a client that has said goodbye, whatever it sends along', async () => {
    const { server, token } = await createService();
    const { socket, next } = await open(server.url);
    socket.send(`40${JSON.stringify({ token })}`);
    await next('40');
    socket.send('41');
    socket.send('421["document:leave",{}]');
    await eventually(() => expect(socket.readyState).toBe(WebSocket.CLOSED));
  });
});

describe('heartbeats', () => {
  const heartbeat = { intervalSeconds: 0.5, timeoutSeconds: 0.5 };

  /** A WebSocket that is let in, and answers heartbeats or does not. */
  async function enter(url: string, token: string, { answers }: { answers: boolean }) {
    const { socket, received, next } = await open(url);
    const beats = () => received.filter((packet) => packet === '2').length;
    socket.on('message', (data) => {
      if (answers && String(data) === '2') socket.send('3');
    });
    socket.send(`40${JSON.stringify({ token })}`);
    await next('40');
    return { socket, beats };
  }

  it('keep who answers them, and end who does not', async () => {
    const { server, token } = await createService({ heartbeat });
    const silent = await enter(server.url, token, { answers: false });
    const there = await enter(server.url, token, { answers: true });
    await eventually(() => expect(silent.socket.readyState).toBe(WebSocket.CLOSED));
    expect(silent.beats()).toBe(1);
    await eventually(() => expect(there.beats()).toBeGreaterThan(3));
    expect(there.socket.readyState).toBe(WebSocket.OPEN);
  });

  it('do not keep who has announced bytes and sends none', async () => {
    const { server, token } = await createService({ heartbeat });
    const half = await enter(server.url, token, { answers: true });
    half.socket.send('451-["document:update",{"update":{"_placeholder":true,"num":0}}]');
    await eventually(() => expect(half.socket.readyState).toBe(WebSocket.CLOSED));
  });
});

it.each([[['polling']], [['websocket']], [['polling', 'websocket']]])(
  'the stock client works by %s through two servers behind a sticky balancer',
  async (transports) => {
    const world = await createWorld();
    const servers = [await world.startServer(), await world.startServer()];
    const { tenantId } = await world.createGym();
    const token = await world.token(tenantId, { role: 'gym_owner' });
    const documentId = await createDocument(servers[0] as (typeof servers)[0], token);
    const proxy = await startStickyProxy(servers.map(({ url }) => url));
    const docs = await Promise.all(
      Array.from({ length: 4 }, async () => {
        const doc = new Y.Doc();
        const socket = await connected(connect(proxy.url, token, { transports, withCredentials: true }));
        socket.on('document:update', ({ update }) => Y.applyUpdate(doc, new Uint8Array(update)));
        const joined = await ask(socket, 'document:join', { documentId });
        expect(joined.ok).toBe(true);
        return { doc, socket };
      }),
    );
    for (const [n, { socket }] of docs.entries()) {
      const edit = new Y.Doc();
      edit.getMap('edits').set(`${n}`, n);
      const update = Y.encodeStateAsUpdate(edit);
      expect(await ask(socket, 'document:update', { documentId, update })).toMatchObject({ ok: true });
      Y.applyUpdate(docs[n]?.doc ?? edit, update);
    }
    await eventually(() => {
      for (const { doc } of docs) expect(doc.getMap('edits').size).toBe(4);
    });
    expect(proxy.chosen.every((count) => count > 0)).toBe(true);
  },
);
