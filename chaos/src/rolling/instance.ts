import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { freePort, waitFor } from '@kyong/embedded-servers';
import type { Balancer } from './balancer.ts';

const apps = join(import.meta.dirname, '..', '..', '..', 'apps');
const startWithinSeconds = 180;

/** A service as it is deployed: a process of its own, started by its `main.ts` and told everything by its environment. */
export class Instance {
  readonly port: number;
  readonly #process: ChildProcess;
  #log = '';

  private constructor(port: number, child: ChildProcess) {
    this.port = port;
    this.#process = child;
    for (const stream of [child.stdout, child.stderr])
      stream?.on('data', (chunk: Buffer) => (this.#log = (this.#log + chunk.toString()).slice(-4_000)));
  }

  /** Started, and taken in by the balancer. @throws {ServerError} when that takes longer than a minute. */
  static async start(
    service: string,
    environment: Record<string, string>,
    balancer: Balancer,
  ): Promise<Instance> {
    const port = await freePort();
    const child = spawn(process.execPath, [join(apps, service, 'src', 'main.ts')], {
      env: { PATH: process.env.PATH, ...environment, KYO_PORT: String(port) },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const instance = new Instance(port, child);
    balancer.add(port);
    await waitFor(`Starting ${service}`, startWithinSeconds, async () => {
      if (child.exitCode !== null) throw new Error(`${service} ended:\n${instance.#log}`);
      return balancer.serves(port) || undefined;
    });
    return instance;
  }

  /** Told to stop, as by a deployment; answers with its exit code. */
  async stop(): Promise<number | null> {
    if (this.#process.exitCode === null && this.#process.signalCode === null) {
      this.#process.kill('SIGTERM');
      await once(this.#process, 'exit');
    }
    return this.#process.exitCode;
  }
}
