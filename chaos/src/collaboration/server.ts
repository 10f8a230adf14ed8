import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { smallestTaskMebibytes } from '../fault.ts';
import type { ServerConfiguration } from './server-process.ts';

/** An instance of collaboration-service, in a process that can be killed and has the memory of the smallest task. */
export class CollaborationServer {
  readonly port: number;
  readonly #process: ChildProcess;

  private constructor(port: number, child: ChildProcess) {
    this.port = port;
    this.#process = child;
  }

  static async start(configuration: ServerConfiguration): Promise<CollaborationServer> {
    const file = join(import.meta.dirname, 'server-process.ts');
    const heap = `--max-old-space-size=${smallestTaskMebibytes / 2}`;
    const child = spawn(process.execPath, [heap, file, JSON.stringify(configuration)], {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    const [{ port }] = (await Promise.race([
      once(child, 'message'),
      once(child, 'exit').then(() => {
        throw new Error('A server ended while it was started.');
      }),
    ])) as [{ port: number }];
    return new CollaborationServer(port, child);
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  get isRunning(): boolean {
    return this.#process.exitCode === null && this.#process.signalCode === null;
  }

  async rss(): Promise<number> {
    this.#process.send('memory');
    const [{ rss }] = (await once(this.#process, 'message')) as [{ rss: number }];
    return rss;
  }

  /** Told to stop, or ended at once; answers with its exit code. */
  async end(signal: 'SIGTERM' | 'SIGKILL'): Promise<number | null> {
    if (this.isRunning) {
      this.#process.kill(signal);
      await once(this.#process, 'exit');
    }
    return this.#process.exitCode;
  }
}
