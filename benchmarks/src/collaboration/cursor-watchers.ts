import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { nextMessage } from '../child-message.ts';

export interface WatchOptions {
  port: number;
  room: string;
  token?: string;
  watchers: number;
}

/** What one watcher saw: by client, the number of its move. */
export interface Sighting {
  client: number;
  move: number;
  at: number;
}

export type WatcherMessage = 'watching' | Sighting[][];

/** Milliseconds, the same in every process. */
export const clock = () => performance.timeOrigin + performance.now();

/** People who only look on, in a process of their own: what holds up two hundred who draw must not look like the server's doing. */
export class CursorWatchers {
  readonly #process;

  private constructor(options: WatchOptions) {
    this.#process = fork(join(import.meta.dirname, 'cursor-watchers-process.ts'), [JSON.stringify(options)]);
  }

  static async start(options: WatchOptions): Promise<CursorWatchers> {
    const started = new CursorWatchers(options);
    await nextMessage(started.#process);
    return started;
  }

  /** What each has seen, at the end. */
  async finish(): Promise<Sighting[][]> {
    this.#process.send('finish');
    const seen = await nextMessage<Sighting[][]>(this.#process);
    await once(this.#process, 'exit');
    return seen;
  }
}
