import { execFile } from 'node:child_process';
import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { PlatformProcess } from '@kyong/testing/platform-process';

const tenantId = 'iron-house';
const owner = '+886912000001';

/** The whole platform as `npm start` runs it, every service behind one origin, with one gym in it. */
export class Platform implements AsyncDisposable {
  readonly tenantId = tenantId;
  readonly #process: PlatformProcess;
  #refreshToken = '';

  private constructor(started: PlatformProcess) {
    this.#process = started;
  }

  static async start(directory: string): Promise<Platform> {
    // Entered, not listed, by the account PostgreSQL runs under when we are root.
    chmodSync(directory, 0o711);
    const platform = new Platform(await PlatformProcess.start(join(directory, 'data'), ['--no-dashboard']));
    try {
      platform.#refreshToken = (
        await platform.#process.openGym(owner, { tenantId, plan: 'free' })
      ).refreshToken;
    } catch (error) {
      await platform[Symbol.asyncDispose]();
      throw error;
    }
    return platform;
  }

  get origin(): string {
    return this.#process.url;
  }

  get isRunning(): boolean {
    return this.#process.isRunning;
  }

  get operatorToken(): string {
    return this.#process.operatorToken.trim();
  }

  /** A fresh one of the gym's owner. */
  async ownerToken(): Promise<string> {
    const body = { refreshToken: this.#refreshToken, tenantId };
    const pair = await this.post<{ accessToken: string; refreshToken: string }>('/api/auth/refresh', body);
    this.#refreshToken = pair.refreshToken;
    return pair.accessToken;
  }

  /** @throws {Error} unless it is done. */
  async post<Answer>(path: string, payload: object, token?: string): Promise<Answer> {
    const { status, text, body } = await this.#process.request('POST', path, {
      body: payload,
      ...(token && { token }),
    });
    if (status >= 300) throw new Error(`${path} was answered with ${status}: ${text}`);
    return body as Answer;
  }

  /** Mebibytes of memory the process has. */
  async memory(): Promise<number> {
    const { stdout } = await promisify(execFile)('ps', ['-o', 'rss=', '-p', String(this.#process.child.pid)]);
    return Math.round(Number(stdout) / 1024);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process.end('SIGTERM');
  }
}
