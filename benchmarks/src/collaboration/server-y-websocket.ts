import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { WebSocketServer } from 'ws';
import { report } from '../server-under-test.ts';

const { setupWSConnection } = createRequire(import.meta.url)('y-websocket/bin/utils') as {
  setupWSConnection: (socket: unknown, request: unknown) => void;
};
const server = createServer();
new WebSocketServer({ server }).on('connection', setupWSConnection);
server.listen(0, '127.0.0.1', () => report((server.address() as AddressInfo).port));
