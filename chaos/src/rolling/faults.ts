import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { PostgresServer, RedisServer } from '@kyong/embedded-servers';
import { migrate, withConnection } from '@kyong/postgres';
import { masterMigrations } from '@kyong/tenancy/adapters/master-database';
import { knownServices, serviceEnvironment } from '@kyong/testing/service-environment';
import type { Fault } from '../fault.ts';
import { type Balancer, startBalancer } from './balancer.ts';
import { replacementsUnderEditors } from './editors.ts';
import { Instance } from './instance.ts';

const instances = 2;
const clients = 16;
/** Several of the balancer's health checks. */
const drainSeconds = 1;

/** What the load asks of a service, over and over: cheap, and through everything a request goes through. */
const requests: Record<string, { path: string; init?: RequestInit; expected: number }> = {
  'collaboration-service': { path: '/api/collaboration/documents', expected: 401 },
  'kyo-otp-service': {
    path: '/api/otp/verify',
    init: {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ requestId: 'bm9ib2R5LWhhcy1hc2tlZC1mb3ItdGhpcw', code: '000000' }),
    },
    expected: 422,
  },
};

/** Every instance is replaced by a new one while requests come in, as a deployment does it. */
const replacementsUnderRequests: Fault[] = knownServices.map((service) => ({
  name: `rolling replacement of ${service} under load`,
  run: async ({ directory, scale }) => {
    await using started = new AsyncDisposableStack();
    const servers = await startServers(directory, started);
    const environment = {
      ...(await serviceEnvironment(service, servers)),
      KYO_DRAIN_SECONDS: String(drainSeconds),
      KYO_TRUSTED_PROXIES: '1',
    };
    const balancer = await startBalancer();
    started.defer(() => balancer.close());
    const running: Instance[] = [];
    started.defer(async () => {
      await Promise.all(running.map((instance) => instance.stop()));
    });
    const start = async () => running.push(await Instance.start(service, environment, balancer));
    for (let n = 0; n < instances; n++) await start();

    const load = new AbortController();
    const told = { answered: 0, failed: 0 };
    const underLoad = Array.from({ length: clients }, (_, client) =>
      ask(service, balancer, client, told, load.signal),
    );
    const replacements = scale === 'full' ? 10 : instances;
    let unclean = 0;
    for (let n = 0; n < replacements; n++) {
      await start();
      const leaving = running.shift();
      if ((await leaving?.stop()) !== 0) unclean += 1;
      if (leaving) balancer.remove(leaving.port);
    }
    load.abort();
    await Promise.all(underLoad);
    return {
      injected: `${replacements} of ${instances} instances replaced, one after the other, under ${clients} clients`,
      counts: { 'requests answered': told.answered, failed: told.failed, 'stopped uncleanly': unclean },
      held: told.failed === 0 && told.answered > 0 && unclean === 0,
    };
  },
}));

export const rollingFaults: Fault[] = [...replacementsUnderRequests, replacementsUnderEditors];

/** Each client is somebody else, at an address of its own, and in no hurry: nobody is to be limited. */
async function ask(
  service: string,
  { port }: Balancer,
  client: number,
  told: { answered: number; failed: number },
  signal: AbortSignal,
): Promise<void> {
  const { path, init, expected } = requests[service] ?? { path: '/health', expected: 200 };
  for (let n = 0; !signal.aborted; n++) {
    const headers = { ...init?.headers, 'x-forwarded-for': `10.${client}.${(n >> 8) % 256}.${n % 256}` };
    try {
      const answer = await fetch(`http://127.0.0.1:${port}${path}`, { ...init, headers });
      await answer.arrayBuffer();
      if (answer.status === expected) told.answered += 1;
      else told.failed += 1;
    } catch {
      told.failed += 1;
    }
    await sleep(5);
  }
}

async function startServers(directory: string, started: AsyncDisposableStack) {
  const redisServer = new RedisServer(join(directory, 'redis'), { fsync: 'no' });
  started.defer(() => redisServer.stop());
  const postgres = new PostgresServer(join(directory, 'postgres'), {
    maxConnections: 50,
    sharedBuffersMegabytes: 16,
    fsync: false,
  });
  started.defer(() => postgres.stop());
  await postgres.initialise();
  const [redis, endpoint] = await Promise.all([redisServer.start(() => {}), postgres.start()]);
  const master = { ...endpoint, database: 'postgres' };
  await withConnection(master, (client) => migrate(client, masterMigrations));
  return { redis, master };
}
