import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
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

  const server = createServer((request, response) => {
    const path = request.url?.split('?')[0] ?? '/';
    const app = table.find(
      ([prefix]) => path === prefix || path.startsWith(prefix.endsWith('/') ? prefix : `${prefix}/`),
    );
    if (app) app[1].routing(request, response);
    else
      refuse(
        request,
        response,
        new Problem(table.length > 0 ? 'not_found' : 'unavailable', { retryAfterSeconds: 2 }),
      );
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
