import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { freePort, waitFor } from '@kyong/embedded-servers';

const main = join(import.meta.dirname, '..', '..', '..', 'apps', 'local-platform', 'src', 'main.ts');
const startWithinSeconds = 300;
const tenantId = 'iron-house';
const owner = '+886912000001';

/** The whole platform as `npm start` runs it: every service behind one origin, in one process. */
export class Platform implements AsyncDisposable {
  readonly origin: string;
  readonly tenantId = tenantId;
  readonly #process: ChildProcess;
  readonly #dataDirectory: string;
  #refreshToken = '';

  private constructor(origin: string, child: ChildProcess, dataDirectory: string) {
    this.origin = origin;
    this.#process = child;
    this.#dataDirectory = dataDirectory;
  }

  /** Started, with one gym in it. */
  static async start(directory: string): Promise<Platform> {
    // Entered, not listed, by the account PostgreSQL runs under when we are root.
    chmodSync(directory, 0o711);
    const dataDirectory = join(directory, 'data');
    const port = await freePort();
    const child = spawn(
      process.execPath,
      [main, '--data-dir', dataDirectory, '--port', String(port), '--no-dashboard'],
      { stdio: ['ignore', 'pipe', 'inherit', 'ipc'] },
    );
    let output = '';
    child.stdout?.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
    const platform = new Platform(`http://127.0.0.1:${port}`, child, dataDirectory);
    try {
      await waitFor('Starting the platform', startWithinSeconds, async () => {
        if (!platform.isRunning) throw new Error(`The platform ended: ${output}`);
        return output.includes('Kyo is ready') || undefined;
      });
      await platform.#openGym();
    } catch (error) {
      await platform[Symbol.asyncDispose]();
      throw error;
    }
    return platform;
  }

  get isRunning(): boolean {
    return this.#process.exitCode === null && this.#process.signalCode === null;
  }

  get operatorToken(): string {
    return readFileSync(join(this.#dataDirectory, 'operator.jwt'), 'utf8').trim();
  }

  /** A fresh one of the gym's owner. */
  async ownerToken(): Promise<string> {
    const pair = await this.post<{ accessToken: string; refreshToken: string }>('/api/auth/refresh', {
      refreshToken: this.#refreshToken,
      tenantId,
    });
    this.#refreshToken = pair.refreshToken;
    return pair.accessToken;
  }

  /** @throws {Error} unless it is done. */
  async post<Answer>(path: string, body: object, token?: string): Promise<Answer> {
    const answer = await fetch(`${this.origin}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) },
      body: JSON.stringify(body),
    });
    if (!answer.ok) throw new Error(`${path} was answered with ${answer.status}: ${await answer.text()}`);
    return (await answer.json()) as Answer;
  }

  /** Mebibytes of memory the process has. */
  async memory(): Promise<number> {
    const { stdout } = await promisify(execFile)('ps', ['-o', 'rss=', '-p', String(this.#process.pid)]);
    return Math.round(Number(stdout) / 1024);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.isRunning) return;
    this.#process.kill('SIGTERM');
    await once(this.#process, 'exit');
  }

  async #openGym(): Promise<void> {
    const sent = await this.post<{ requestId: string }>('/api/otp/send', {
      channel: 'sms',
      to: owner,
      purpose: 'signup',
    });
    const code = await waitFor('Waiting for the code', 30, async () => {
      const answer = await fetch(`${this.origin}/dev/outbox?to=${encodeURIComponent(owner)}`);
      const [message] = (await answer.json()) as { body: string }[];
      return /\b\d{6}\b/.exec(message?.body ?? '')?.[0];
    });
    const session = await this.post<{ accessToken: string; refreshToken: string }>('/api/otp/verify', {
      requestId: sent.requestId,
      code,
    });
    this.#refreshToken = session.refreshToken;
    const { statusUrl } = await this.post<{ statusUrl: string }>(
      '/provision-tenant',
      { tenantId, plan: 'free' },
      session.accessToken,
    );
    await waitFor('Provisioning the gym', startWithinSeconds, async () => {
      const answer = await fetch(new URL(statusUrl, this.origin), {
        headers: { authorization: `Bearer ${this.operatorToken}` },
      });
      const { status } = (await answer.json()) as { status: string };
      return status === 'succeeded' || undefined;
    });
  }
}
