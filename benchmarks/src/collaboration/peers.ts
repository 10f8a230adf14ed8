import { once } from 'node:events';
import * as decoding from 'lib0/decoding';
import * as encoding from 'lib0/encoding';
import { WebSocket } from 'ws';
import * as Y from 'yjs';

/** One client: as light as can be, because two hundred of them share a core. */
export interface Peer {
  send(payload: Uint8Array): void;
  sendCursor(payload: Uint8Array): void;
  /** What others have sent; cursors apart. */
  onPayload: ((payload: Uint8Array) => void) | undefined;
  onCursor: ((payload: Uint8Array) => void) | undefined;
  close(): void;
}

type Connect = (port: number, room: string, token?: string) => Promise<Peer>;

function open(url: string): WebSocket {
  const socket = new WebSocket(url, { perMessageDeflate: false });
  socket.binaryType = 'nodebuffer';
  return socket;
}

/** Speaks Socket.IO by hand; Kyo's events and those of the relay have the same names. */
const connectSocketIo: Connect = async (port, room, token = '') => {
  const socket = open(`ws://127.0.0.1:${port}/socket.io/?EIO=4&transport=websocket`);
  const peer: Peer = {
    onPayload: undefined,
    onCursor: undefined,
    send(payload) {
      socket.send(`451-["document:update",{"documentId":"${room}","update":{"_placeholder":true,"num":0}}]`);
      socket.send(payload);
    },
    sendCursor(payload) {
      socket.send(`451-["awareness:update",{"documentId":"${room}","update":{"_placeholder":true,"num":0}}]`);
      socket.send(payload);
    },
    close: () => socket.terminate(),
  };
  let attached: 'update' | 'cursor' | undefined;
  const joined = Promise.withResolvers<void>();
  socket.on('message', (data: Buffer, isBinary) => {
    if (isBinary) {
      if (attached === 'update') peer.onPayload?.(data);
      else if (attached === 'cursor') peer.onCursor?.(data);
      attached = undefined;
      return;
    }
    const text = data.toString('latin1', 0, 12);
    if (text.startsWith('451-["d')) attached = 'update';
    else if (text.startsWith('451-["a')) attached = 'cursor';
    else if (text === '2') socket.send('3');
    else if (text.startsWith('0{')) socket.send(`40${JSON.stringify({ token })}`);
    else if (text.startsWith('40') && room !== '')
      socket.send(`420["document:join",{"documentId":"${room}"}]`);
    else if (text.startsWith('40') || /^4(3|6\d+-)0/.test(text)) joined.resolve();
    else if (text.startsWith('44')) joined.reject(new Error(data.toString()));
  });
  socket.on('close', () => joined.reject(new Error('The server closed the connection.')));
  await joined.promise;
  return peer;
};

const connectWs: Connect = async (port, room) => {
  const socket = open(`ws://127.0.0.1:${port}/${room}`);
  const peer: Peer = {
    onPayload: undefined,
    onCursor: undefined,
    send: (payload) => socket.send(payload),
    sendCursor: (payload) => socket.send(payload),
    close: () => socket.terminate(),
  };
  socket.on('message', (data: Buffer) => peer.onPayload?.(data));
  await once(socket, 'open');
  return peer;
};

const syncMessage = 0;
const syncStep1 = 0;
const update = 2;

/** y-websocket and Hocuspocus: y-protocols, which the latter puts the document's name before. */
function connectYjs(
  prefixOf: (room: string) => string | undefined,
  urlOf: (port: number, room: string) => string,
): Connect {
  return async (port, room) => {
    const socket = open(urlOf(port, room));
    const name = prefixOf(room);
    const encode = (type: number, bytes: Uint8Array) => {
      const encoder = encoding.createEncoder();
      if (name !== undefined) encoding.writeVarString(encoder, name);
      encoding.writeVarUint(encoder, syncMessage);
      encoding.writeVarUint(encoder, type);
      encoding.writeVarUint8Array(encoder, bytes);
      return encoding.toUint8Array(encoder);
    };
    const peer: Peer = {
      onPayload: undefined,
      onCursor: undefined,
      send: (payload) => socket.send(encode(update, payload)),
      sendCursor: () => {},
      close: () => socket.terminate(),
    };
    const synced = Promise.withResolvers<void>();
    socket.on('message', (data: Buffer) => {
      const decoder = decoding.createDecoder(data);
      if (name !== undefined) decoding.readVarString(decoder);
      if (decoding.readVarUint(decoder) !== syncMessage) return;
      if (decoding.readVarUint(decoder) === update) peer.onPayload?.(decoding.readVarUint8Array(decoder));
      else synced.resolve();
    });
    await once(socket, 'open');
    if (name !== undefined) {
      const encoder = encoding.createEncoder();
      encoding.writeVarString(encoder, name);
      // Authentication, with a token that nobody asks for.
      for (const value of [2, 0]) encoding.writeVarUint(encoder, value);
      encoding.writeVarString(encoder, '');
      socket.send(encoding.toUint8Array(encoder));
    }
    socket.send(encode(syncStep1, Y.encodeStateVector(new Y.Doc())));
    await synced.promise;
    return peer;
  };
}

const connectHocuspocus = connectYjs(
  (room) => room,
  (port) => `ws://127.0.0.1:${port}/`,
);
const connectYWebsocket = connectYjs(
  () => undefined,
  (port, room) => `ws://127.0.0.1:${port}/${room}`,
);

export type Protocol = keyof typeof protocols;

export const protocols = {
  socketIo: connectSocketIo,
  ws: connectWs,
  hocuspocus: connectHocuspocus,
  yWebsocket: connectYWebsocket,
} satisfies Record<string, Connect>;
