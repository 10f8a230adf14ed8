import type { ClientToServerEvents, ServerToClientEvents } from '@kyong/contracts';
import type { Socket } from 'socket.io-client';

export type CollaborationSocket = Socket<ServerToClientEvents, ClientToServerEvents>;
