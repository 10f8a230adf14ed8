import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Command, Told } from './hostile-process.ts';
import type { Target } from './town.ts';

/** The hostile gym and the hostile stranger. */
export class Hostile implements AsyncDisposable {
  readonly #process: ChildProcess;

  private constructor(child: ChildProcess) {
    this.#process = child;
  }

  static async start(target: Target): Promise<Hostile> {
    const file = join(import.meta.dirname, 'hostile-process.ts');
    const child = spawn(process.execPath, [file, JSON.stringify(target)], {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    await once(child, 'message');
    return new Hostile(child);
  }

  async begin(parts: string[], seed: number): Promise<void> {
    await this.#ask({ begin: { parts, seed } });
  }

  /** @returns how many answers they got, by status. */
  async end(): Promise<Told['answers']> {
    const { answers } = (await this.#ask({ end: true })) as Told;
    return answers;
  }

  async #ask(command: Command): Promise<unknown> {
    const answered = once(this.#process, 'message');
    this.#process.send(command);
    const [answer] = await answered;
    return answer;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const ended = once(this.#process, 'exit');
    this.#process.kill('SIGKILL');
    await ended;
  }
}
