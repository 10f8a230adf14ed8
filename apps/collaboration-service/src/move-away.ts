import { setTimeout as pause } from 'node:timers/promises';
import type { Connection } from './sockets/connection.ts';

/**
 * Tells every client to move to another server, each at a time of its own, and closes what is still there at the end.
 * @param windowSeconds over which they go: thousands at once would only move the crowd.
 */
export async function moveAway(
  connections: ReadonlySet<Connection>,
  { windowSeconds, random }: { windowSeconds: number; random: () => number },
): Promise<void> {
  const windowMilliseconds = windowSeconds * 1000;
  for (const { socket } of connections)
    socket.emit('server:draining', { reconnectAfterMs: Math.floor(random() * windowMilliseconds) });
  const endsAt = performance.now() + windowMilliseconds;
  while (connections.size > 0 && performance.now() < endsAt) await pause(50);
  for (const connection of connections) connection.interrupt();
}
