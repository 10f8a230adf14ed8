import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { Problem, problemResponse, requestIdOf } from '@kyong/service-kit';
import type { FastifyInstance } from 'fastify';

/** Which part answers for which paths: a path itself, and everything below it. */
export type GatewayTable = [path: string, app: FastifyInstance][];

export interface Gateway {
  server: Server;
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
  // Each part is asked through its own server, as if it had been listening itself.
  const server = createServer((request, response) => {
    const app = partFor(request);
    if (app) app.server.emit('request', request, response);
    else
      refuse(
        request,
        response,
        new Problem(table.length > 0 ? 'not_found' : 'unavailable', { retryAfterSeconds: 2 }),
      );
  });

  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    const isTaken = partFor(request)?.server.emit('upgrade', request, socket, head);
    if (!isTaken) socket.destroy();
  });

  return {
    server,
    open(parts) {
      table = parts;
    },
    async close() {
      table = [];
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeIdleConnections();
      await closed;
    },
  };
}

function refuse(request: IncomingMessage, response: ServerResponse, problem: Problem): void {
  const { status, headers, body } = problemResponse(problem, requestIdOf(request.headers['x-request-id']));
  response.writeHead(status, headers).end(JSON.stringify(body));
}
