import { once } from 'node:events';
import { createServer, type IncomingMessage, request } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { onTestFinished } from 'vitest';

const cookieName = 'AWSALB';

export interface StickyProxy {
  url: string;
  chosen: number[];
  /** From now on it gets nothing new; what is open stays so, as while a target of an ALB drains. */
  deregister(target: number): void;
  register(target: number): void;
  /** WebSockets that are open, by target. */
  open(): number[];
}

/** A load balancer with stickiness by a cookie, as an ALB has it: the first request of a browser chooses its server. */
export async function startStickyProxy(targets: string[]): Promise<StickyProxy> {
  const ports = targets.map((target) => Number(new URL(target).port));
  const chosen = ports.map(() => 0);
  const open = ports.map(() => 0);
  const draining = new Set<number>();
  let turn = 0;
  const choose = (incoming: IncomingMessage) => {
    const sticky = new RegExp(`${cookieName}=(\\d+)`).exec(incoming.headers.cookie ?? '')?.[1];
    const registered = ports.map((_, index) => index).filter((index) => !draining.has(index));
    const isSticky = sticky !== undefined && !draining.has(Number(sticky));
    const index = isSticky ? Number(sticky) : (registered[turn++ % registered.length] ?? 0);
    if (!isSticky) chosen[index] = (chosen[index] ?? 0) + 1;
    return { index, port: ports[index] ?? 0 };
  };
  const server = createServer((incoming, outgoing) => {
    const { index, port } = choose(incoming);
    const { method, url: path, headers } = incoming;
    const upstream = request({ host: '127.0.0.1', port, method, path, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, {
        ...answer.headers,
        'set-cookie': `${cookieName}=${index}; Path=/`,
      });
      answer.pipe(outgoing);
    });
    upstream.on('error', () => outgoing.destroy());
    incoming.pipe(upstream);
  });
  server.on('upgrade', (incoming, socket, head) => {
    const { index, port } = choose(incoming);
    open[index] = (open[index] ?? 0) + 1;
    socket.once('close', () => {
      open[index] = (open[index] ?? 0) - 1;
    });
    const upstream = connect(port, '127.0.0.1', () => {
      const headers = incoming.rawHeaders.flatMap((name, n) =>
        n % 2 ? [] : [`${name}: ${incoming.rawHeaders[n + 1]}`],
      );
      upstream.write(`${incoming.method} ${incoming.url} HTTP/1.1\r\n${headers.join('\r\n')}\r\n\r\n`);
      upstream.write(head);
      upstream.pipe(socket).pipe(upstream);
    });
    for (const end of [upstream, socket])
      end.on('error', () => {
        upstream.destroy();
        socket.destroy();
      });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    chosen,
    deregister: (target) => void draining.add(target),
    register: (target) => void draining.delete(target),
    open: () => [...open],
  };
}
