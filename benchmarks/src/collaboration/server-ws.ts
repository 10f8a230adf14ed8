// The floor: ws, frames encoded once, written together in each turn of the event loop, nothing else.
import { createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';
import { report } from '../server-under-test.ts';

const server = createServer();
const rooms = new Map<string, Set<WebSocket>>();
const corked = new Set<Socket>();
new WebSocketServer({ server, perMessageDeflate: false }).on('connection', (socket, { url = '/' }) => {
  const room = rooms.get(url) ?? new Set();
  rooms.set(url, room.add(socket));
  socket.on('close', () => room.delete(socket));
  socket.on('message', (message: Buffer) => {
    for (const other of room) {
      if (other === socket) continue;
      const { _socket: raw } = other as unknown as { _socket: Socket };
      if (!corked.has(raw)) {
        if (corked.size === 0) setImmediate(uncork);
        corked.add(raw);
        raw.cork();
      }
      other.send(message, { binary: true });
    }
  });
});
server.listen(0, '127.0.0.1', () => report((server.address() as AddressInfo).port));

function uncork(): void {
  for (const raw of corked) raw.uncork();
  corked.clear();
}
