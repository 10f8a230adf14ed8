import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { nextMessage } from '../child-message.ts';
import type { MessageKind } from './payloads.ts';
import type { Protocol } from './peers.ts';

export interface LookOn {
  port: number;
  protocol: Protocol;
  messages: MessageKind;
  room: string;
  token?: string;
  /** How many look on. */
  count: number;
}

/** What one of them saw, and when by `clock`. */
export interface Seen {
  /** Of each message, in order. */
  arrivals: number[];
  /** Of cursors: by client, the number of its move. */
  moves: { client: number; move: number; at: number }[];
}

export type OnlookersMessage = 'looking on' | Seen[];

/** Milliseconds, the same in every process. */
export const clock = () => performance.timeOrigin + performance.now();

/** People who only look on, in a process of their own: what holds up two hundred others must not look like the server's doing. */
export class Onlookers {
  readonly #process;

  private constructor(options: LookOn) {
    this.#process = fork(join(import.meta.dirname, 'onlookers-process.ts'), [JSON.stringify(options)]);
  }

  static async start(options: LookOn): Promise<Onlookers> {
    const started = new Onlookers(options);
    await nextMessage(started.#process);
    return started;
  }

  /** What each has seen, as soon as they have this many messages. */
  async finish({ messages = 0 } = {}): Promise<Seen[]> {
    this.#process.send(messages);
    const seen = await nextMessage<Seen[]>(this.#process);
    await once(this.#process, 'exit');
    return seen;
  }
}
