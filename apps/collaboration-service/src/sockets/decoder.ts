import { Decoder } from 'socket.io-parser';

/** No event of ours has more than one field of bytes. */
const maxAttachments = 1;

/** Reads packets. One that announces bytes is kept until they come, and whoever has sent it looks alive meanwhile. */
export class BoundedDecoder extends Decoder {
  /** Since when the last packet waits for its bytes, as `performance.now()`. */
  waitingSince: number | undefined;

  constructor() {
    super({ maxAttachments });
  }

  /** @throws {Error} for what is no packet, and for anything but bytes while a packet waits for them. */
  override add(data: unknown): void {
    super.add(data);
    // Types 5 and 6 of the Socket.IO protocol: an event and an acknowledgement with bytes.
    const isWaiting = typeof data === 'string' && (data.startsWith('5') || data.startsWith('6'));
    this.waitingSince = isWaiting ? performance.now() : undefined;
  }
}
