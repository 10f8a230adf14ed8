import { randomUUID } from 'node:crypto';
import { type Route, routes } from '@kyong/contracts';
import { Client, type Dispatcher } from 'undici';
import type { Fault } from '../fault.ts';
import { pick, type Random } from '../random.ts';
import { bodiesFor, type FuzzedBody } from './bodies.ts';
import { Platform } from './platform.ts';

const connections = 8;
/** Under way on each connection; the server takes them one after the other. */
const pipelining = 16;
/** Well before an access token expires. */
const tokenMilliseconds = 5 * 60_000;
const watchMilliseconds = 2_000;
/** The whole platform in one process may hold so much more than before. */
const maxGrowthMebibytes = 300;

interface Target {
  route: Route;
  nextBody: () => FuzzedBody;
}

/** Who asks; nobody may do what cannot be undone. */
interface Callers {
  operator: string;
  owner: string;
}

/** Every route that takes a body, of every service, gets bodies that are nearly right. */
const fuzzedBodies: Fault = {
  name: 'fuzzed HTTP bodies',
  run: async ({ directory, scale, random }) => {
    const bodies = scale === 'full' ? 1_000_000 : 3_000;
    await using platform = await Platform.start(directory);
    const callers: Callers = { operator: platform.operatorToken, owner: await platform.ownerToken() };
    const { documentId } = await platform.post<{ documentId: string }>(
      '/api/collaboration/documents',
      { kind: 'course_planning', title: 'A plan' },
      callers.owner,
    );
    const own = { tenantId: platform.tenantId, documentId };
    const targets: Target[] = Object.values<Route>(routes).flatMap((route) =>
      route.body ? [{ route, nextBody: bodiesFor(route.body, random) }] : [],
    );
    const before = await platform.memory();
    let most = before;
    let sent = 0;
    let unhealthy = 0;
    const told = { taken: 0, refused: 0, '5xx': 0, 'without a problem document': 0, unanswered: 0 };
    const failures = new Map<string, number>();

    const run = async (client: Client) => {
      while (sent < bodies && platform.isRunning) {
        sent += 1;
        const target = pick(targets, random);
        const answer = await ask(client, request(target, callers, own, random)).catch(() => undefined);
        if (!answer) told.unanswered += 1;
        else if (answer.status < 400) told.taken += 1;
        else if (answer.status < 500) told.refused += 1;
        else {
          told['5xx'] += 1;
          const what = `${answer.status} of ${target.route.method} ${target.route.path}`;
          failures.set(what, (failures.get(what) ?? 0) + 1);
        }
        if (answer && answer.status >= 400 && !answer.isProblem) told['without a problem document'] += 1;
      }
    };
    let tokenFrom = Date.now();
    const watching = new AbortController();
    const watched = (async () => {
      while (!watching.signal.aborted && platform.isRunning) {
        await new Promise((resolve) => setTimeout(resolve, watchMilliseconds));
        most = Math.max(most, await platform.memory().catch(() => 0));
        const isHealthy = await fetch(`${platform.origin}/healthz`).then(
          ({ ok }) => ok,
          () => false,
        );
        if (!isHealthy) unhealthy += 1;
        if (Date.now() - tokenFrom < tokenMilliseconds) continue;
        callers.owner = await platform.ownerToken();
        tokenFrom = Date.now();
      }
    })();
    const clients = Array.from({ length: connections }, () => new Client(platform.origin, { pipelining }));
    await Promise.all(clients.flatMap((client) => Array.from({ length: pipelining }, () => run(client))));
    watching.abort();
    await watched;
    await Promise.all(clients.map((client) => client.close()));
    const growth = most - before;
    const ended = platform.isRunning ? 0 : 1;
    return {
      injected: `${sent.toLocaleString('en')} bodies to ${targets.length} routes, each a mutation of what its schema asks for`,
      counts: {
        ...told,
        'platform ended': ended,
        'health checks that took too long': unhealthy,
        'MiB before': before,
        'MiB grown at most': growth,
      },
      held:
        told['5xx'] + told['without a problem document'] + told.unanswered + ended === 0 &&
        told.taken > 0 &&
        growth <= maxGrowthMebibytes,
      details: [...failures].map(([what, times]) => `${times} × ${what}`),
    };
  },
};

export const httpFaults: Fault[] = [fuzzedBodies];

function request(
  { route, nextBody }: Target,
  callers: Callers,
  own: Record<string, string>,
  random: Random,
): Dispatcher.DispatchOptions {
  const { content, contentType } = nextBody();
  const isControlPlane = route.tag === 'Tenants' || route.tag === 'Fleet';
  const path = route.path.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
    // What an operator may do to a gym is done to none that there is.
    if (isControlPlane) return name === 'tenantId' ? 'nobody' : randomUUID();
    return random() < 0.8 ? (own[name] ?? randomUUID()) : pick(['%00', '..%2f', 'x'], random);
  });
  // As the gym's owner signed up: the name in the bodies is reserved, so that hardly ever another gym is provisioned.
  const token = isControlPlane && route.path !== '/provision-tenant' ? callers.operator : callers.owner;
  return {
    method: route.method,
    path,
    // Pipelined, which a client does with what may be repeated only; each body here may.
    idempotent: true,
    headers: {
      'content-type': contentType,
      ...(route.secured && random() < 0.97 && { authorization: `Bearer ${token}` }),
    },
    body: content,
  };
}

function ask(
  client: Client,
  options: Dispatcher.DispatchOptions,
): Promise<{ status: number; isProblem: boolean }> {
  return new Promise((resolve, reject) => {
    const answer = { status: 0, isProblem: false };
    client.dispatch(options, {
      onRequestStart: () => {},
      onResponseStart: (_controller, status, headers) => {
        answer.status = status;
        answer.isProblem = String(headers['content-type']).startsWith('application/problem+json');
      },
      onResponseData: () => {},
      onResponseEnd: () => resolve(answer),
      onResponseError: (_controller, error) => reject(error),
    });
  });
}
