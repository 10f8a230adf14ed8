import { setTimeout as sleep } from 'node:timers/promises';
import type { CollaborationClient, DocumentSession } from '@kyong/collaboration/client';

/** Between two edits of one person, who does not stop to wait for an answer. */
const pauseMilliseconds = 200;

/** Somebody who writes all the time, and notes how long they were without a server. */
export class Editor {
  readonly session: DocumentSession;
  readonly #name: string;
  readonly #written: string[] = [];
  #saved = 0;
  moves = 0;
  longestAway = 0;

  constructor(name: string, client: CollaborationClient, session: DocumentSession) {
    this.#name = name;
    this.session = session;
    let leftAt: number | undefined;
    client.on('status', (status) => {
      if (status === 'disconnected') leftAt ??= performance.now();
    });
    session.on('status', (status) => {
      if (status !== 'synced' || leftAt === undefined) return;
      this.longestAway = Math.max(this.longestAway, performance.now() - leftAt);
      this.moves += 1;
      leftAt = undefined;
    });
  }

  /** Each edit has a name of its own. */
  async edit(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const name = `${this.#name}-${this.#written.length}`;
      this.#written.push(name);
      this.session.doc.getMap('names').set(name, true);
      await sleep(pauseMilliseconds);
      this.#note();
    }
  }

  /** Names of edits that the service has answered for. */
  get acknowledged(): string[] {
    this.#note();
    return this.#written.slice(0, this.#saved);
  }

  /** Saved means everything that was written until now. */
  #note(): void {
    if (this.session.isSaved) this.#saved = this.#written.length;
  }
}
