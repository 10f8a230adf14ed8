import { connect, type Socket } from 'node:net';

export interface Call {
  path: string;
  body: string;
  /** The address a proxy in front would have seen. */
  from: string;
}

export interface Answer {
  status: number;
  body: string;
}

/**
 * Posts every call over `connections` kept-alive connections, each with one call under way, as fast as the answers come.
 * A client of our own, because a general one takes as much time as the server it should measure.
 * @returns the answers in the order of the calls.
 */
export async function postAll(port: number, calls: Call[], connections: number): Promise<Answer[]> {
  const answers: Answer[] = new Array(calls.length);
  let next = 0;
  const run = async () => {
    const connection = new Connection(port);
    for (let index = next++; index < calls.length; index = next++) {
      const call = calls[index];
      if (call) answers[index] = await connection.post(call);
    }
    connection.close();
  };
  await Promise.all(Array.from({ length: connections }, run));
  return answers;
}

const headEnd = '\r\n\r\n';

class Connection {
  readonly #socket: Socket;
  #received = '';
  #waiting: { resolve: (answer: Answer) => void; reject: (error: Error) => void } | undefined;

  constructor(port: number) {
    this.#socket = connect({ host: '127.0.0.1', port, noDelay: true });
    // One character a byte, so that lengths are those of the header.
    this.#socket.setEncoding('latin1');
    this.#socket.on('data', (chunk: string) => this.#take(chunk));
    this.#socket.on('error', (error) => this.#waiting?.reject(error));
    this.#socket.on('close', () => this.#waiting?.reject(new Error('The server closed the connection.')));
  }

  post({ path, body, from }: Call): Promise<Answer> {
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
      this.#socket.write(
        `POST ${path} HTTP/1.1\r\nhost: localhost\r\nx-forwarded-for: ${from}\r\n` +
          `content-type: application/json\r\n` +
          `content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
      );
    });
  }

  close(): void {
    this.#waiting = undefined;
    this.#socket.destroy();
  }

  #take(chunk: string): void {
    this.#received += chunk;
    const head = this.#received.indexOf(headEnd);
    if (head < 0) return;
    const body = bodyOf(this.#received.slice(0, head), this.#received.slice(head + headEnd.length));
    if (body === undefined) return;
    const status = Number(this.#received.slice(9, 12));
    this.#received = '';
    this.#waiting?.resolve({ status, body: Buffer.from(body, 'latin1').toString() });
  }
}

/** The body, or undefined while a part of it is still to come. One call is under way, so nothing follows it. */
function bodyOf(head: string, rest: string): string | undefined {
  const length = /^content-length: *(\d+)/im.exec(head)?.[1];
  if (length !== undefined) return rest.length < Number(length) ? undefined : rest;
  if (!rest.endsWith('0\r\n\r\n')) return undefined;
  return rest.replaceAll(/[0-9a-f]+\r\n(.*?)\r\n/gs, '$1');
}
