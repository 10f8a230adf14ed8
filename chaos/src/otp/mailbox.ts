import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** The provider of messages and everybody's mailbox: knows what was handed over, by the message's id. */
export interface Mailbox {
  url: string;
  has(reference: string): boolean;
  /** The code of a message. @throws when it has not come after `timeoutSeconds`. */
  codeOf(reference: string, timeoutSeconds: number): Promise<string>;
  stop(): void;
}

export async function startMailbox(): Promise<Mailbox> {
  const codes = new Map<string, string>();
  const waiting = new Map<string, (code: string) => void>();
  const server = createServer(async (request, response) => {
    let text = '';
    for await (const chunk of request) text += chunk;
    const { data } = JSON.parse(text) as { data: { body: string } };
    const reference = String(request.headers['webhook-id']);
    const code = /\d{6}/.exec(data.body)?.[0] ?? '';
    codes.set(reference, code);
    waiting.get(reference)?.(code);
    response.writeHead(200).end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    has: (reference) => codes.has(reference),
    codeOf: (reference, timeoutSeconds) =>
      new Promise((resolve, reject) => {
        const code = codes.get(reference);
        if (code !== undefined) return resolve(code);
        const timer = setTimeout(() => {
          waiting.delete(reference);
          reject(new Error(`No message came within ${timeoutSeconds} s.`));
        }, timeoutSeconds * 1000);
        waiting.set(reference, (arrived) => {
          clearTimeout(timer);
          waiting.delete(reference);
          resolve(arrived);
        });
      }),
    stop: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
