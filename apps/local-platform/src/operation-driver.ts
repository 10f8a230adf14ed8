import type { Logger } from '@kyong/service-kit';
import type { Advance } from '@kyong/tenancy';
import PQueue from 'p-queue';

export interface OperationDriverOptions {
  advance: (operationId: string) => Promise<Advance>;
  /** Operations whose time has come and that nobody advances. */
  findDue: (limit: number) => Promise<string[]>;
  /** How many steps run at one time: each takes a connection or two, and a server's start takes a processor. */
  concurrency: number;
  sweepSeconds: number;
  logger: Logger;
}

const sweepLimit = 500;

/**
 * Advances operations inside this process: what a state machine and a scheduled sweep are on AWS. Losing it loses
 * nothing: the next one finds every unfinished operation in the master database.
 */
export class OperationDriver {
  readonly #options: OperationDriverOptions;
  readonly #queue: PQueue;
  /** Operations in the queue or waiting for their time. */
  readonly #known = new Map<string, NodeJS.Timeout | undefined>();
  #sweep: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(options: OperationDriverOptions) {
    this.#options = options;
    this.#queue = new PQueue({ concurrency: options.concurrency });
  }

  /** Begins with whatever was left unfinished. */
  run(): void {
    const sweep = async () => {
      try {
        for (const operationId of await this.#options.findDue(sweepLimit)) this.start(operationId);
      } catch (error) {
        this.#options.logger.warn({ err: error }, 'the sweep could not look for operations');
      }
      if (!this.#stopped) this.#sweep = setTimeout(() => void sweep(), this.#options.sweepSeconds * 1000);
    };
    void sweep();
  }

  start(operationId: string): void {
    if (this.#stopped || this.#known.has(operationId)) return;
    this.#enqueue(operationId);
  }

  /** Lets the steps that run come to their end; what is left goes on with the next start. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#sweep);
    for (const timer of this.#known.values()) clearTimeout(timer);
    this.#queue.clear();
    await this.#queue.onIdle();
  }

  #enqueue(operationId: string): void {
    this.#known.set(operationId, undefined);
    void this.#queue.add(() => this.#turn(operationId));
  }

  async #turn(operationId: string): Promise<void> {
    const result = await this.#options.advance(operationId).catch((error: unknown): Advance => {
      this.#options.logger.warn({ err: error, operationId }, 'the operation could not be advanced');
      return { status: 'again', afterSeconds: this.#options.sweepSeconds };
    });
    if (result.status === 'done' || this.#stopped) {
      this.#known.delete(operationId);
    } else if (result.afterSeconds === 0) {
      this.#enqueue(operationId);
    } else {
      this.#known.set(
        operationId,
        setTimeout(() => this.#enqueue(operationId), result.afterSeconds * 1000),
      );
    }
  }
}
