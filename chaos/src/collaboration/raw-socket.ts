import { once } from 'node:events';
import { WebSocket } from 'ws';
import type { World } from './world.ts';

/** A WebSocket to the first server, spoken to by hand: nobody has said yet who they are. */
export async function openRawSocket({ servers: [server] }: World): Promise<WebSocket> {
  const socket = new WebSocket(`ws://127.0.0.1:${server?.port}/socket.io/?EIO=4&transport=websocket`);
  socket.on('error', () => {});
  await once(socket, 'open');
  return socket;
}

/** One that is let in. */
export async function enterRawSocket(world: World, token: string): Promise<WebSocket> {
  const socket = await openRawSocket(world);
  const isIn = new Promise<void>((resolve, reject) => {
    socket.on('message', (data) => {
      if (String(data).startsWith('40')) resolve();
    });
    socket.once('close', () => reject(new Error('The server closed the connection.')));
  });
  socket.send(`40${JSON.stringify({ token })}`);
  await isIn;
  return socket;
}
