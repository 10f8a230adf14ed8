import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ServerError } from './process.ts';

interface Essentials {
  port: number;
  password: string;
}

/** What a server's folder says about the server: its port, its password. Readable by its owner alone. */
export class ServerFile<T extends Essentials> {
  readonly #path: string;

  constructor(directory: string) {
    this.#path = join(directory, 'server.json');
  }

  get exists(): boolean {
    return existsSync(this.#path);
  }

  /** @throws {ServerError} when it is damaged. */
  read(): T {
    try {
      const content = JSON.parse(readFileSync(this.#path, 'utf8')) as Partial<T> | null;
      if (Number.isInteger(content?.port) && typeof content?.password === 'string') return content as T;
    } catch {
      // Not there, or not JSON: the same fault for whoever reads the message.
    }
    throw damaged(dirname(this.#path));
  }

  /** A crash leaves the old content or the new, never half of it. */
  write(content: T): void {
    const draft = `${this.#path}.draft`;
    writeFileSync(draft, JSON.stringify(content), { mode: 0o600 });
    renameSync(draft, this.#path);
  }
}

export function damaged(directory: string): ServerError {
  return new ServerError(
    `The data in ${directory} is damaged. Put it back from a copy; or, to begin anew, delete the data directory.`,
  );
}
