import { type FileHandle, open } from 'node:fs/promises';

/** Text that waits while the disk is slow, in characters; what comes beyond it is lost. */
const mostWaiting = 1024 * 1024;

/**
 * A file for lines of the log. Where they cannot be written, because the disk is full, they are lost and nothing else is: the
 * next line that can be written has one before it that says how many.
 */
export class LogFile {
  readonly #file: Pick<FileHandle, 'appendFile' | 'close'>;
  #waiting = '';
  #lost = 0;
  #writing: Promise<void> | undefined;

  constructor(file: Pick<FileHandle, 'appendFile' | 'close'>) {
    this.#file = file;
  }

  static async open(path: string): Promise<LogFile> {
    return new LogFile(await open(path, 'a', 0o600));
  }

  /** Takes a line, with its end. Lines that come while others are written are written together. */
  write(line: string): void {
    if (this.#waiting.length + line.length > mostWaiting) this.#lost += 1;
    else this.#waiting += line;
    this.#writing ??= this.#writeAll().finally(() => {
      this.#writing = undefined;
    });
  }

  async close(): Promise<void> {
    await this.#writing;
    await this.#file.close();
  }

  async #writeAll(): Promise<void> {
    while (this.#waiting !== '') {
      const lines = this.#waiting;
      const lost = this.#lost;
      this.#waiting = '';
      try {
        await this.#file.appendFile(lost > 0 ? `${noteOf(lost)}${lines}` : lines);
        this.#lost -= lost;
      } catch {
        this.#lost += lines.split('\n').length - 1;
      }
    }
  }
}

/** On a line of its own, whatever was left of the one before. */
function noteOf(lost: number): string {
  const note = { level: 'warn', time: new Date(), lost, msg: 'lines of the log were lost' };
  return `\n${JSON.stringify(note)}\n`;
}
