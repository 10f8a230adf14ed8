import type { ServerToClientEvents } from '@kyong/contracts';
import type { Socket } from 'socket.io';
import { Encoder, PacketType } from 'socket.io-parser';

const encoder = new Encoder();

/** Unsent bytes of one connection past which it is closed: it comes back and asks for what it missed. */
const maxUnsentBytes = 4 * 1024 * 1024;
/** Past this it gets no cursors until it has caught up: a later one says all the same. */
const busyBytes = 64 * 1024;

/** What Engine.IO and ws do not show: their connection's socket and their queues. */
interface Internals {
  writeBuffer: { data?: string | Uint8Array; options?: { wsPreEncodedFrame?: Buffer[] } }[];
  transport: { name: string; socket: Raw };
  upgrading: boolean;
  write(data: string, options: { wsPreEncodedFrame: Buffer[] }): void;
}
interface Raw {
  _socket?: RawSocket;
  bufferedAmount: number;
  terminate(): void;
}
interface RawSocket {
  cork(): void;
  uncork(): void;
}

const internalsOf = ({ conn }: Socket) => conn as unknown as Internals;

/** An event, encoded once for all who receive it. */
export class Broadcast<Event extends keyof ServerToClientEvents> {
  readonly #event: Event;
  readonly #payload: Parameters<ServerToClientEvents[Event]>[0];
  readonly #frame: Buffer;
  readonly #text: string;

  constructor(event: Event, payload: Parameters<ServerToClientEvents[Event]>[0]) {
    this.#event = event;
    this.#payload = payload;
    const parts = encoder.encode({ type: PacketType.EVENT, nsp: '/', data: [event, payload] }) as [
      string,
      ...Uint8Array[],
    ];
    const [text, ...attachments] = parts;
    this.#text = text;
    // Engine.IO puts the type of its packet (4: message) before texts, and sends bytes as they are.
    const frames = [
      ...frameOf(1, Buffer.from(`4${text}`)),
      ...attachments.flatMap((bytes) => frameOf(2, bytes)),
    ];
    this.#frame = Buffer.concat(frames);
  }

  /**
   * Sends it: over a WebSocket as frames that are the same for everybody, over polling as Socket.IO does.
   */
  to(socket: Socket): void {
    const connection = internalsOf(socket);
    if (connection.transport.name !== 'websocket' || connection.upgrading) {
      if (cutIfStalled(socket)) return;
      socket.emit(this.#event as string, this.#payload);
      return;
    }
    if (cutIfStalled(socket)) return;
    cork(socket);
    connection.write(this.#text, { wsPreEncodedFrame: [this.#frame] });
  }
}

/** Ends the connection of who does not read what is sent, answers to what they ask for among it. */
export function cutIfStalled(socket: Socket): boolean {
  const connection = internalsOf(socket);
  if (unsentBytes(connection) <= maxUnsentBytes) return false;
  if (connection.transport.name === 'websocket') connection.transport.socket.terminate();
  else socket.conn.close(true);
  return true;
}

/** Whether a connection has so much to take still that news which later news replace are not worth sending. */
export function isBusy(socket: Socket): boolean {
  return unsentBytes(internalsOf(socket)) > busyBytes;
}

function unsentBytes({ writeBuffer, transport }: Internals): number {
  let bytes = transport.name === 'websocket' ? transport.socket.bufferedAmount : 0;
  for (const { data, options } of writeBuffer)
    bytes += options?.wsPreEncodedFrame?.[0]?.length ?? data?.length ?? 0;
  return bytes;
}

const corked = new Set<RawSocket>();

/** Whatever a connection is sent from here to the end of this turn of the event loop leaves in one write. */
export function cork(socket: Socket): void {
  const raw = internalsOf(socket).transport.socket?._socket;
  if (!raw || corked.has(raw)) return;
  if (corked.size === 0) setImmediate(uncorkAll);
  corked.add(raw);
  raw.cork();
}

function uncorkAll(): void {
  for (const raw of corked) raw.uncork();
  corked.clear();
}

/** A frame of a server, which masks nothing (RFC 6455, 5.2), in two pieces. */
function frameOf(opcode: 1 | 2, payload: Uint8Array): Uint8Array[] {
  const { byteLength } = payload;
  const final = 0x80 | opcode;
  if (byteLength < 126) return [Buffer.of(final, byteLength), payload];
  const header = Buffer.alloc(byteLength < 65_536 ? 4 : 10);
  header[0] = final;
  header[1] = byteLength < 65_536 ? 126 : 127;
  if (byteLength < 65_536) header.writeUInt16BE(byteLength, 2);
  else header.writeBigUInt64BE(BigInt(byteLength), 2);
  return [header, payload];
}
