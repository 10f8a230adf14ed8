import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { Problem, problemResponse, requestIdOf } from '@kyong/service-kit';
import type { FastifyInstance } from 'fastify';

/** Which part answers for which paths: a path itself, and everything below it. */
export type GatewayTable = [path: string, app: FastifyInstance][];

export interface Gateway {
  /**
   * Answers on both loopback addresses, to names of this machine alone; or on the address of `host`, to any name.
   * @throws {Error} EADDRINUSE when the port is taken.
   */
  listen(port: number, host?: string): Promise<void>;
  /** From now on requests reach the parts; before, they get a 503. */
  open(table: GatewayTable): void;
  /** No new requests; those under way come to their end. */
  close(): Promise<void>;
}

/** One origin for all parts, as CloudFront, the load balancer and API Gateway are on AWS. */
export function createGateway(): Gateway {
  let table: GatewayTable = [];

  const partFor = ({ url = '/' }: IncomingMessage) => {
    const path = url.split('?')[0] ?? '/';
    const isBelow = (prefix: string) => path.startsWith(prefix.endsWith('/') ? prefix : `${prefix}/`);
    return table.find(([prefix]) => path === prefix || isBelow(prefix))?.[1];
  };
  let answersTo = isOfThisMachine;
  // Each part is asked through its own server, as if it had been listening itself.
  const answer = (request: IncomingMessage, response: ServerResponse) => {
    if (!answersTo(request.headers.host))
      return refuse(request, response, new Problem('misdirected_request'));
    const app = partFor(request);
    if (app) app.server.emit('request', request, response);
    else
      refuse(
        request,
        response,
        new Problem(table.length > 0 ? 'not_found' : 'unavailable', { retryAfterSeconds: 2 }),
      );
  };
  const upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    const isTaken =
      answersTo(request.headers.host) && partFor(request)?.server.emit('upgrade', request, socket, head);
    if (!isTaken) socket.destroy();
  };
  const servers: Server[] = [];

  return {
    async listen(port, host) {
      if (host !== undefined) answersTo = () => true;
      for (const address of host === undefined ? loopback : [host]) {
        const server = createServer(answer).on('upgrade', upgrade);
        await listening(server, port, address);
        if (server.listening) servers.push(server);
      }
    },
    open(parts) {
      table = parts;
    },
    async close() {
      table = [];
      await Promise.all(
        servers.map(async (server) => {
          const closed = new Promise<void>((resolve) => server.close(() => resolve()));
          server.closeIdleConnections();
          await closed;
        }),
      );
    },
  };
}

const loopback = ['127.0.0.1', '::1'];

/** A machine without IPv6 has one loopback address. */
async function listening(server: Server, port: number, address: string): Promise<void> {
  try {
    server.listen(port, address);
    await once(server, 'listening');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (address !== '::1' || (code !== 'EAFNOSUPPORT' && code !== 'EADDRNOTAVAIL')) throw error;
  }
}

/**
 * A page anywhere on the web may have its own name lead to 127.0.0.1 and then ask for what is here, codes included (DNS
 * rebinding): the name it asks by gives it away.
 */
function isOfThisMachine(host = ''): boolean {
  return /^(localhost|127\.0\.0\.1|\[::1\])(:\d{1,5})?$/i.test(host);
}

function refuse(request: IncomingMessage, response: ServerResponse, problem: Problem): void {
  const { status, headers, body } = problemResponse(problem, requestIdOf(request.headers['x-request-id']));
  response.writeHead(status, headers).end(JSON.stringify(body));
}
