import { Pool } from 'undici';

export interface Answer {
  status: number;
  // biome-ignore lint/suspicious/noExplicitAny: whatever the platform answers; who asks says what it expects.
  body: any;
}

export interface Asked {
  token?: string | undefined;
  /** An object is sent as JSON, a text as it is. */
  body?: object | string | Buffer | undefined;
  headers?: Record<string, string>;
}

/** Somebody at an address of their own: all of 127.0.0.0/8 is this machine's (RFC 1122, 3.2.1.3), and Linux lets us call from any of it. */
export class Caller {
  readonly #pool: Pool;

  constructor(origin: string, localAddress: string) {
    this.#pool = new Pool(origin, {
      localAddress,
      connections: 8,
      headersTimeout: 20_000,
      bodyTimeout: 20_000,
    });
  }

  /** @throws {Error} when there is no answer within 20 s. */
  async request(method: 'GET' | 'POST' | 'PUT' | 'DELETE', path: string, asked: Asked = {}): Promise<Answer> {
    const { token, body, headers } = asked;
    const content = typeof body === 'object' && !Buffer.isBuffer(body) ? JSON.stringify(body) : body;
    const answer = await this.#pool.request({
      method,
      path,
      headers: {
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
        ...(content !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(content !== undefined && { body: content }),
    });
    const text = await answer.body.text();
    return { status: answer.statusCode, body: parsed(text) };
  }

  async close(): Promise<void> {
    await this.#pool.destroy();
  }
}

/** People at the addresses of one network: `127.66` has 127.66.0.1 and so on, 250 in each /24. */
export class Callers implements AsyncDisposable {
  readonly #origin: string;
  readonly #network: string;
  readonly #callers = new Map<number, Caller>();

  constructor(port: number, network: string) {
    this.#origin = `http://127.0.0.1:${port}`;
    this.#network = network;
  }

  /** The caller at the `n`th address, from 0 on: the same each time. */
  at(n: number): Caller {
    const known = this.#callers.get(n);
    if (known) return known;
    const caller = new Caller(this.#origin, `${this.#network}.${Math.floor(n / 250)}.${(n % 250) + 1}`);
    this.#callers.set(n, caller);
    return caller;
  }

  /** The first caller of the `n`th /24: somebody who lives elsewhere. */
  inNetwork(n: number): Caller {
    return this.at(n * 250);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#callers.values()].map((caller) => caller.close()));
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
