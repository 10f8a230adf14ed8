import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';

export interface Answer {
  status: number;
  body: string;
}

export interface ServiceError {
  code: string;
  message: string;
  status: number;
}

/** One thing that goes wrong with one call. */
export type Fault =
  /** The caller gets this error, in the words of the service's protocol; the service never sees the call. */
  | { error: ServiceError }
  /** The service's answer, changed on its way. */
  | { rewritten: (body: string) => string }
  /** The service does what it was asked, and the connection ends before it can say so. */
  | 'lost-reply'
  /** The connection ends before the service sees the call. */
  | 'cut';

export interface Call {
  action: string;
  /** Of a call in the Query protocol. */
  parameters: URLSearchParams;
}

/** What a service does with a call, given what the emulator behind it would do. */
export type Handler = (call: Call, forward: () => Promise<Answer>) => Promise<Answer>;

export interface FaultProxy {
  url: string;
  /** The calls that came in, oldest first, those that went wrong included. */
  calls: Call[];
  /** The next calls of this action meet these faults, one each, in order. */
  inject(action: string, ...faults: Fault[]): void;
  close(): Promise<void>;
}

/**
 * An HTTP proxy in front of the emulator: what the network and a service under load do to a caller. `judged` asks an emulator
 * that evaluates IAM (`iam_overlay.py`) whether the caller may, before anything is answered in its place.
 */
export async function startFaultProxy(
  target: string,
  handlers: Record<string, Handler>,
  { judged = false }: { judged?: boolean } = {},
): Promise<FaultProxy> {
  const calls: Call[] = [];
  const faults = new Map<string, Fault[]>();

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await text(request);
    const call = callOf(request, body);
    calls.push(call);
    const fault = faults.get(call.action)?.shift();
    if (fault === 'cut') return void request.socket.destroy();

    const forward = () => send(`${target}${request.url}`, request, body);
    const judge = () => send(`${target}${request.url}`, request, body, { 'x-kyo-judge-alone': 'yes' });
    const denied = judged ? await judge().then((answer) => answer.status !== 200 && answer) : false;
    const answer =
      typeof fault === 'object' && 'error' in fault
        ? errorAnswer(fault.error, request.headers['x-amz-target'] === undefined ? 'query' : 'json')
        : denied || (await (handlers[call.action] ?? ((_, next) => next()))(call, forward));
    if (fault === 'lost-reply') return void request.socket.destroy();
    const changed =
      typeof fault === 'object' && 'rewritten' in fault ? fault.rewritten(answer.body) : answer.body;
    response.writeHead(answer.status, { 'content-type': request.headers['content-type'] }).end(changed);
  }

  const server = createServer((request, response) => {
    serve(request, response).catch((error: unknown) => response.destroy(error as Error));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };

  return {
    url: `http://127.0.0.1:${port}`,
    calls,
    inject(action, ...more) {
      faults.set(action, [...(faults.get(action) ?? []), ...more]);
    },
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** The Query protocol names the action in the form (RDS), JSON 1.1 in a header (Secrets Manager). */
function callOf(request: IncomingMessage, body: string): Call {
  const target = request.headers['x-amz-target'];
  if (typeof target === 'string') {
    return { action: target.split('.').at(-1) ?? '', parameters: new URLSearchParams() };
  }
  const parameters = new URLSearchParams(body);
  return { action: parameters.get('Action') ?? '', parameters };
}

async function send(
  url: string,
  { method = 'POST', headers }: IncomingMessage,
  body: string,
  more: Record<string, string> = {},
): Promise<Answer> {
  const kept = ['authorization', 'content-type', 'x-amz-target', 'x-amz-date'];
  const answer = await fetch(url, {
    method,
    headers: {
      ...Object.fromEntries(
        kept.flatMap((name) => (typeof headers[name] === 'string' ? [[name, headers[name]]] : [])),
      ),
      ...more,
    },
    body,
  });
  return { status: answer.status, body: await answer.text() };
}

/** An error as AWS writes it in the Query protocol (RDS) and in JSON 1.1 (Secrets Manager). */
export function errorAnswer({ code, message, status }: ServiceError, protocol: 'query' | 'json'): Answer {
  if (protocol === 'json') return { status, body: JSON.stringify({ __type: code, message }) };
  const type = status < 500 ? 'Sender' : 'Receiver';
  const error = `<Error><Type>${type}</Type><Code>${code}</Code><Message>${message}</Message></Error>`;
  return { status, body: `<ErrorResponse>${error}<RequestId>b6f2f9a4-5d44-4a9c</RequestId></ErrorResponse>` };
}
