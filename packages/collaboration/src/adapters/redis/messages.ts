import type { RoomMessage } from '../../ports.ts';

// On the channel of a document: one byte for the type, eight for the server that speaks, then what is said. Updates are put
// together by `append.lua`, which alone knows their numbers.

const types = { update: 1, awareness: 2, 'awareness-wanted': 3, presence: 4 } as const;

/** Of a link in the log and of a server's name, in ASCII. */
export const idLength = 8;
const headerLength = 1 + idLength;

export function updateHeader(server: string): Buffer {
  return header('update', server);
}

export function encodeMessage(server: string, message: Exclude<RoomMessage, { type: 'update' }>): Buffer {
  return Buffer.concat([header(message.type, server), body(message)]);
}

/** What another server said; undefined for what this one said, and for what a newer one may say one day. */
export function decodeMessage(server: string, bytes: Buffer): RoomMessage | undefined {
  if (bytes.length < headerLength || bytes.toString('latin1', 1, headerLength) === server) return undefined;
  const rest = bytes.subarray(headerLength);
  switch (bytes[0]) {
    case types.update:
      return {
        type: 'update',
        seq: rest.readDoubleBE(0),
        link: rest.toString('latin1', 8, 8 + idLength),
        previous: rest.toString('latin1', 8 + idLength, 8 + 2 * idLength),
        update: rest.subarray(8 + 2 * idLength),
      };
    case types.awareness:
      return { type: 'awareness', told: rest };
    case types['awareness-wanted']:
      return { type: 'awareness-wanted' };
    case types.presence:
      return {
        type: 'presence',
        change: rest[0] === 1 ? 'joined' : 'left',
        userId: rest.toString('utf8', 1),
      };
    default:
      return undefined;
  }
}

function header(type: RoomMessage['type'], server: string): Buffer {
  const bytes = Buffer.alloc(headerLength);
  bytes[0] = types[type];
  bytes.write(server, 1, 'latin1');
  return bytes;
}

function body(message: Exclude<RoomMessage, { type: 'update' }>): Uint8Array {
  if (message.type === 'awareness') return message.told;
  if (message.type === 'presence')
    return Buffer.concat([Buffer.of(message.change === 'joined' ? 1 : 0), Buffer.from(message.userId)]);
  return new Uint8Array();
}
