import { once } from 'node:events';
import { Agent, createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import type { Duplex } from 'node:stream';

interface Target {
  port: number;
  isHealthy: boolean;
  agent: Agent;
}

export interface Balancer {
  port: number;
  add(port: number): void;
  /** Whether this instance gets requests. */
  serves(port: number): boolean;
  remove(port: number): void;
  close(): Promise<void>;
}

const healthCheckMilliseconds = 200;

/**
 * A load balancer as plain as they come: asks every instance's `/ready`, gives requests to those that are, in turns, over
 * connections it keeps, and tries nothing twice, so that whatever goes wrong behind it is seen in front of it.
 */
export async function startBalancer(): Promise<Balancer> {
  const targets = new Map<number, Target>();
  let turn = 0;

  const next = () => {
    const healthy = [...targets.values()].filter(({ isHealthy }) => isHealthy);
    turn += 1;
    return healthy[turn % healthy.length];
  };
  const server = createServer((incoming, outgoing) => {
    const target = next();
    if (target) forward(target, incoming, outgoing);
    else outgoing.writeHead(503).end();
  });
  const upgraded = new Set<Duplex>();
  server.on('upgrade', (incoming, client) => {
    const target = next();
    if (!target) {
      client.destroy();
      return;
    }
    upgraded.add(client);
    client.on('close', () => upgraded.delete(client));
    hold(target, incoming, client);
  });
  const checks = setInterval(() => {
    for (const target of targets.values()) void check(target);
  }, healthCheckMilliseconds);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');

  return {
    port: (server.address() as AddressInfo).port,
    add(port) {
      targets.set(port, { port, isHealthy: false, agent: new Agent({ keepAlive: true }) });
    },
    serves: (port) => targets.get(port)?.isHealthy ?? false,
    remove(port) {
      targets.get(port)?.agent.destroy();
      targets.delete(port);
    },
    async close() {
      clearInterval(checks);
      for (const { agent } of targets.values()) agent.destroy();
      server.closeAllConnections();
      for (const client of upgraded) client.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

async function check(target: Target): Promise<void> {
  try {
    const answer = await fetch(`http://127.0.0.1:${target.port}/ready`, {
      signal: AbortSignal.timeout(2_000),
    });
    target.isHealthy = answer.ok;
  } catch {
    target.isHealthy = false;
  }
}

function forward({ port, agent }: Target, incoming: IncomingMessage, outgoing: ServerResponse): void {
  const { method, url: path, headers } = incoming;
  const upstream = request({ host: '127.0.0.1', port, agent, method, path, headers }, (answer) => {
    outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(outgoing);
  });
  upstream.on('error', () => {
    if (outgoing.headersSent) outgoing.destroy();
    else outgoing.writeHead(502).end();
  });
  incoming.pipe(upstream);
}

/** A WebSocket stays with the instance it was given to for as long as both want. */
function hold({ port }: Target, { method, url, rawHeaders }: IncomingMessage, client: Duplex): void {
  const upstream = connect(port, '127.0.0.1');
  const headers = rawHeaders.map((text, n) => `${text}${n % 2 === 0 ? ': ' : '\r\n'}`).join('');
  upstream.write(`${method} ${url} HTTP/1.1\r\n${headers}\r\n`);
  const end = () => {
    client.destroy();
    upstream.destroy();
  };
  for (const side of [client, upstream]) side.on('error', end).on('close', end);
  client.pipe(upstream).pipe(client);
}
