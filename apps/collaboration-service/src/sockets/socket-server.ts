import type { Actor } from '@kyong/collaboration';
import type { ClientToServerEvents, ServerToClientEvents } from '@kyong/contracts';
import { type Logger, Problem, type VerifyAccessToken } from '@kyong/service-kit';
import type { FastifyInstance } from 'fastify';
import { Server, type Socket } from 'socket.io';
import { Encoder } from 'socket.io-parser';
import type { Authorize } from '../tenant-access.ts';
import type { Budgets } from './budgets.ts';
import { Connection, type SocketLimits } from './connection.ts';
import { BoundedDecoder } from './decoder.ts';
import { type EventDependencies, listen } from './events.ts';
import { noteRefusedEntry, type RefusedEntry, refusedEntry, refusedFor } from './refused-entry.ts';

/** Larger than a document, which a client may have made offline; what is longer breaks the connection. */
const maxMessageBytes = 1024 * 1024;
/** Who connects and does not say who they are within this is sent away. */
const handshakeSeconds = 10;

export interface SocketServerOptions extends EventDependencies {
  verifyAccessToken: VerifyAccessToken;
  authorize: Authorize;
  budgets: Budgets;
  limits: SocketLimits;
  now: () => Date;
  logger: Logger;
  /** See `HttpAppOptions`. */
  trustedProxies?: number;
}

export type SocketServer = Server<ClientToServerEvents, ServerToClientEvents>;

/** Socket.IO 4 on the app's HTTP server, path `/socket.io/`. */
export function createSocketServer(
  app: FastifyInstance,
  options: SocketServerOptions,
): { io: SocketServer; connections: Set<Connection> } {
  const connections = new Set<Connection>();
  const { heartbeat } = options.limits;
  const { logger, trustedProxies = 0 } = options;
  const refused = (socket: Socket, entry: RefusedEntry, actor?: Actor) => {
    noteRefusedEntry(socket, entry, { logger, trustedProxies, actor });
    return entry;
  };
  const io: SocketServer = new Server({
    serveClient: false,
    maxHttpBufferSize: maxMessageBytes,
    pingInterval: heartbeat.intervalSeconds * 1000,
    pingTimeout: heartbeat.timeoutSeconds * 1000,
    connectTimeout: handshakeSeconds * 1000,
    parser: { Encoder, Decoder: BoundedDecoder },
    // A server that stops takes nobody new; polling and WebSockets that are there go on.
    allowRequest: ({ url }, decide) => decide(null, !app.isDraining || /[?&]sid=/.test(url ?? '')),
  });
  io.attach(app.server);
  // Kept for whoever asks for its headers, and nobody here does: a good part of what a connection takes of memory.
  io.engine.on('connection', (connection) => {
    connection.request = null;
  });
  io.use((socket, next) => {
    authenticate(socket, options).then(
      (connection) => {
        const leave = options.budgets.enter(connection.actor);
        if (!leave) return next(refused(socket, refusedEntry('too_many_sockets'), connection.actor));
        socket.conn.once('close', leave);
        socket.data.connection = connection;
        next();
      },
      (error: unknown) => next(refused(socket, refusedFor(error))),
    );
  });
  io.on('connection', (socket) => {
    const connection = socket.data.connection as Connection;
    connections.add(connection);
    socket.on('disconnect', () => {
      connections.delete(connection);
      // Whoever says goodbye to Socket.IO only would keep a connection that is nobody's, and never be answered.
      socket.conn.close();
    });
    listen(connection, options);
  });
  return { io, connections };
}

async function authenticate(
  socket: Socket,
  { verifyAccessToken, authorize, budgets, limits }: SocketServerOptions,
): Promise<Connection> {
  const { token } = socket.handshake.auth as { token?: unknown };
  socket.handshake.auth = {};
  if (typeof token !== 'string') throw new Problem('unauthenticated');
  const principal = await verifyAccessToken(`Bearer ${token}`);
  const actor = await authorize(principal);
  return new Connection(socket, { principal, actor, account: budgets.accountOf(actor), limits });
}
