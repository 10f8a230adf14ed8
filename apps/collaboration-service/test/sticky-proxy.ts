import { once } from 'node:events';
import { createServer, type IncomingMessage, request } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { onTestFinished } from 'vitest';

const cookieName = 'AWSALB';

/** A load balancer with stickiness by a cookie, as an ALB has it: the first request of a browser chooses its server. */
export async function startStickyProxy(targets: string[]): Promise<{ url: string; chosen: number[] }> {
  const ports = targets.map((target) => Number(new URL(target).port));
  const chosen = ports.map(() => 0);
  let turn = 0;
  const choose = (incoming: IncomingMessage) => {
    const sticky = new RegExp(`${cookieName}=(\\d+)`).exec(incoming.headers.cookie ?? '')?.[1];
    const index = sticky === undefined ? turn++ % ports.length : Number(sticky);
    if (sticky === undefined) chosen[index] = (chosen[index] ?? 0) + 1;
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
    const upstream = connect(choose(incoming).port, '127.0.0.1', () => {
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
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, chosen };
}
