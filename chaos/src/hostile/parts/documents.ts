import { setTimeout as sleep } from 'node:timers/promises';
import { io, type Socket } from 'socket.io-client';
import * as Y from 'yjs';
import type { Attack, HostilePart } from '../part.ts';
import { steadily } from '../steadily.ts';

const answerMilliseconds = 5_000;

/** Asks for all of a large document, in twenty bytes, as often as a socket may say anything. */
export const syncs: HostilePart = {
  name: 'syncs of a large document',
  run: (attack) => {
    const documentId = attack.target.gym.largeDocumentId;
    const stateVector = Uint8Array.of(1, 5, 1);
    return withSockets(
      attack,
      5,
      (socket) => ask(socket, 'document:sync', { documentId, stateVector }),
      documentId,
    );
  },
};

/** Edits that the document's kind does not allow, each of which costs the server a look at all of it. */
export const refusedEdits: HostilePart = {
  name: 'refused edits',
  run: (attack) => {
    const documentId = attack.target.gym.largeDocumentId;
    const doc = new Y.Doc();
    doc.getMap('course.outline').set('title', 5);
    const update = Y.encodeStateAsUpdate(doc);
    return withSockets(
      attack,
      3,
      (socket) => ask(socket, 'document:update', { documentId, update }),
      documentId,
    );
  },
};

/** Much text at once, in another place each time, and cursors as large as they may be. */
export const pastes: HostilePart = {
  name: 'huge pastes and cursors',
  run: (attack) => {
    const { documentId } = attack.target.gym;
    const doc = new Y.Doc();
    let n = 0;
    const paste = async (socket: Socket) => {
      const before = Y.encodeStateVector(doc);
      // One key, so that the document stays what it is while its edits fill what keeps them.
      doc.getMap('free').set('paste', `${n++}${'x'.repeat(200_000)}`);
      await ask(socket, 'document:update', { documentId, update: Y.encodeStateAsUpdate(doc, before) });
      await ask(socket, 'awareness:update', { documentId, update: new Uint8Array(60_000) });
      await ask(socket, 'document:update', { documentId, update: new Uint8Array(900_000) });
    };
    return withSockets(attack, 2, paste, documentId);
  },
};

/** As many connections as one token opens. */
export const manySockets: HostilePart = {
  name: '150 sockets on one token',
  run: async (attack) => {
    const open = new Set<Socket>();
    await steadily({ perSecond: 75, signal: attack.signal, atOnce: 150 }, async () => {
      const socket = await enter(attack).catch(() => undefined);
      if (socket) open.add(socket);
      if (open.size < 150) return;
      const [first] = open;
      first?.disconnect();
      if (first) open.delete(first);
    });
    for (const socket of open) socket.disconnect();
  },
};

/** Keeps so many sockets in a document, each of which goes on; who is sent away comes back at once. */
async function withSockets(
  attack: Attack,
  count: number,
  act: (socket: Socket) => Promise<void>,
  documentId: string,
): Promise<void> {
  const { signal } = attack;
  await Promise.all(
    Array.from({ length: count }, async () => {
      while (!signal.aborted) {
        const socket = await enter(attack).catch(() => undefined);
        if (socket) await ask(socket, 'document:join', { documentId });
        while (socket?.connected && !signal.aborted) {
          await act(socket);
          await sleep(20);
        }
        socket?.disconnect();
        await sleep(50);
      }
    }),
  );
}

async function enter({ target: { port, gym } }: Attack): Promise<Socket> {
  const socket = io(`http://127.0.0.1:${port}`, {
    auth: { token: gym.token },
    transports: ['websocket'],
    forceNew: true,
    reconnection: false,
  });
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('connect_error', reject);
  });
  return socket;
}

async function ask(socket: Socket, event: string, payload: object): Promise<void> {
  const gone = new Promise<void>((resolve) => socket.once('disconnect', () => resolve()));
  await Promise.race([
    gone,
    socket
      .timeout(answerMilliseconds)
      .emitWithAck(event, payload)
      .catch(() => {}),
  ]);
}
