import { once } from 'node:events';
import { Agent, createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

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

  const server = createServer((incoming, outgoing) => {
    const healthy = [...targets.values()].filter(({ isHealthy }) => isHealthy);
    turn += 1;
    const target = healthy[turn % healthy.length];
    if (target) forward(target, incoming, outgoing);
    else outgoing.writeHead(503).end();
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
