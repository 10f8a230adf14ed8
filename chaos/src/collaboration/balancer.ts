import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

export interface ConnectionBalancer {
  url: string;
  /** Breaks every connection there is; a share of them, if one is given. */
  cut(share?: number): void;
  /** Keeps back what a share of the connections carry, so that it comes after what others send later. */
  hold(share: number, milliseconds: number): void;
  close(): void;
}

/** Gives each new connection to the next of the servers there are at that moment. */
export async function startConnectionBalancer(ports: () => number[]): Promise<ConnectionBalancer> {
  const sockets = new Set<Socket>();
  let turn = 0;
  const server = createServer((client) => {
    const running = ports();
    const port = running[turn++ % running.length];
    if (port === undefined) {
      client.destroy();
      return;
    }
    const upstream = connect(port, '127.0.0.1');
    sockets.add(client);
    const end = () => {
      client.destroy();
      upstream.destroy();
      sockets.delete(client);
    };
    for (const side of [client, upstream]) side.on('error', end).on('close', end);
    client.pipe(upstream).pipe(client);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    cut(share = 1) {
      for (const socket of [...sockets]) if (Math.random() < share) socket.destroy();
    },
    hold(share, milliseconds) {
      for (const socket of sockets) {
        if (Math.random() >= share) continue;
        socket.pause();
        setTimeout(() => socket.resume(), milliseconds);
      }
    },
    close() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}
