import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Operation } from '@kyong/contracts';
import { freePort } from '@kyong/embedded-servers';
import { eventually } from './eventually.ts';

const main = join(import.meta.dirname, '..', '..', '..', 'apps', 'local-platform', 'src', 'main.ts');

/** A data directory of its own, short enough for a socket inside it. */
export function createDataDirectory(): string {
  const folder = mkdtempSync(join(tmpdir(), 'kyo-'));
  // The account PostgreSQL runs under, when we are root, passes through.
  chmodSync(folder, 0o711);
  return join(folder, 'data');
}

interface TokenPair {
  accessToken: string;
  refreshToken: string;
}

/** A platform in a process of its own, as `npm start` runs it. */
export class PlatformProcess {
  readonly dataDirectory: string;
  readonly port: number;
  readonly child: ChildProcess;
  output = '';

  constructor(
    dataDirectory: string,
    port: number,
    args: string[] = [],
    environment: Record<string, string> = {},
    program: readonly string[] = [main],
  ) {
    this.dataDirectory = dataDirectory;
    this.port = port;
    this.child = spawn(
      process.execPath,
      [...program, '--data-dir', dataDirectory, '--port', String(port), ...args],
      // By the channel it learns of our end, even of kill -9.
      { env: { ...process.env, ...environment }, stdio: ['ignore', 'pipe', 'pipe', 'ipc'] },
    );
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream?.on('data', (chunk: Buffer) => {
        this.output += chunk.toString();
      });
    }
  }

  static async start(dataDirectory = createDataDirectory(), args: string[] = []): Promise<PlatformProcess> {
    const platform = new PlatformProcess(dataDirectory, await freePort(), args);
    try {
      await platform.ready();
    } catch (error) {
      await platform.end('SIGTERM');
      throw error;
    }
    return platform;
  }

  get isRunning(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  get url(): string {
    return `http://localhost:${this.port}`;
  }

  async ready(): Promise<void> {
    await eventually(() => {
      if (this.isRunning && !this.output.includes('Kyo is ready at'))
        throw new Error(`Not ready: ${this.output}`);
    });
    if (!this.isRunning) throw new Error(`The platform ended: ${this.output}`);
  }

  async end(signal: NodeJS.Signals): Promise<number | null> {
    if (!this.isRunning) return this.child.exitCode;
    const ended = once(this.child, 'exit');
    this.child.kill(signal);
    const [code] = (await ended) as [number | null];
    return code;
  }

  /** Stops it and removes its data. */
  async discard(): Promise<void> {
    await this.end('SIGTERM');
    rmSync(dirname(this.dataDirectory), { recursive: true, force: true });
  }

  get operatorToken(): string {
    return readFileSync(join(this.dataDirectory, 'operator.jwt'), 'utf8');
  }

  /** A request to the platform; `token` defaults to none. */
  async request(
    method: string,
    path: string,
    options: { token?: string; body?: unknown; headers?: Record<string, string> } = {},
  ) {
    const { token, body, headers } = options;
    const response = await fetch(`${this.url}${path}`, {
      method,
      headers: {
        ...(token && { authorization: `Bearer ${token}` }),
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      signal: AbortSignal.timeout(60_000),
    });
    const text = await response.text();
    // biome-ignore lint/suspicious/noExplicitAny: whatever the platform answers; the tests say what they expect.
    return { status: response.status, headers: response.headers, text, body: parse(text) as any };
  }

  /** Signs somebody up with a one-time password; answers with the token. */
  async signUp(phone: string): Promise<string> {
    return (await this.startSession(phone)).accessToken;
  }

  /** Signs somebody up, or in, with a one-time password; answers with both tokens. */
  async startSession(phone: string, purpose: 'signup' | 'login' = 'signup'): Promise<TokenPair> {
    const sent = await this.request('POST', '/api/otp/send', {
      body: { channel: 'sms', to: phone, purpose },
    });
    const code = await eventually(async () => {
      const { body } = await this.request('GET', `/dev/outbox?to=${encodeURIComponent(phone)}`);
      return /\b\d{6}\b/.exec(body[0].body)?.[0];
    });
    const verified = await this.request('POST', '/api/otp/verify', {
      body: { requestId: sent.body.requestId, code },
    });
    return verified.body;
  }

  /** Signs somebody up, provisions a gym, and answers with their tokens as its owner. @throws {Error} unless it is provisioned. */
  async openGym(phone: string, gym: { tenantId: string; plan: string; name?: string }): Promise<TokenPair> {
    const session = await this.startSession(phone);
    const accepted = await this.request('POST', '/provision-tenant', {
      token: session.accessToken,
      body: gym,
    });
    if (accepted.status !== 202) throw new Error(`The gym was refused: ${accepted.text}`);
    const { status, error } = await this.operationEnd(accepted.body.operationId);
    if (status !== 'succeeded') throw new Error(`The gym was not provisioned: ${status}, ${error}`);
    const { refreshToken } = session;
    const owner = await this.request('POST', '/api/auth/refresh', {
      body: { refreshToken, tenantId: gym.tenantId },
    });
    return owner.body;
  }

  async operationEnd(operationId: string): Promise<Operation> {
    return eventually(
      async () => {
        const { body } = await this.request('GET', `/operations/${operationId}`, {
          token: this.operatorToken,
        });
        if (body.status === 'running') throw new Error(`still running: ${JSON.stringify(body.steps)}`);
        return body as Operation;
      },
      { interval: 100 },
    );
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
