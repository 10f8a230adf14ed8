import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { PlatformProcess } from '@kyong/testing/platform-process';
import { Client } from 'pg';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';

let platform: PlatformProcess;
beforeAll(async () => {
  platform = await PlatformProcess.start();
});
afterAll(() => platform?.discard());

it('200 shared tenants and 10 dedicated ones at once: all active, none lost, none double, connections bounded', async () => {
  const token = platform.operatorToken;
  const wanted = [
    ...Array.from({ length: 200 }, (_, index) => ({ tenantId: `shared-${index}`, plan: 'free' })),
    ...Array.from({ length: 10 }, (_, index) => ({ tenantId: `own-${index}`, plan: 'basic' })),
  ];
  const connections = { master: await watchConnections('master'), shared: await watchConnections('shared') };
  const startedAt = performance.now();
  const answers = await Promise.all(
    wanted.map((body) => platform.request('POST', '/provision-tenant', { token, body })),
  );
  expect(new Set(answers.map((answer) => answer.status))).toEqual(new Set([202]));
  const acceptedSeconds = seconds(startedAt);
  for (const answer of answers) {
    expect((await platform.operationEnd(answer.body.operationId)).status).toBe('succeeded');
  }
  const activeSeconds = seconds(startedAt);
  const most = { master: await connections.master(), shared: await connections.shared() };

  const { body } = await platform.request('GET', '/tenants?limit=200&status=active', { token });
  const rest = await platform.request('GET', `/tenants?limit=200&status=active&cursor=${body.nextCursor}`, {
    token,
  });
  const tenants = [...body.tenants, ...rest.body.tenants];
  expect(tenants.map((tenant) => tenant.tenantId).sort()).toEqual(
    wanted.map(({ tenantId }) => tenantId).sort(),
  );
  const databases = new Set(tenants.map(({ database }) => `${database.port}/${database.name}`));
  expect(databases.size).toBe(210);
  expect(
    new Set(tenants.filter(({ plan }) => plan === 'basic').map(({ database }) => database.port)).size,
  ).toBe(10);
  // 19 of the programs' pools, two that listen and this test's own; running steps of two connections at most, and this test's own.
  expect(most.master).toBeLessThanOrEqual(22);
  expect(most.shared).toBeLessThanOrEqual(20);
  process.stderr.write(
    `210 tenants accepted in ${acceptedSeconds} s, active in ${activeSeconds} s; most connections: ` +
      `master ${most.master}, shared ${most.shared}\n`,
  );
});

function seconds(startedAt: number): string {
  return ((performance.now() - startedAt) / 1000).toFixed(1);
}

/** Looks at a server's connections until asked for the most it saw. */
async function watchConnections(server: 'master' | 'shared'): Promise<() => Promise<number>> {
  const file = join(platform.dataDirectory, 'postgres', server, 'server.json');
  const { port, password } = JSON.parse(readFileSync(file, 'utf8')) as { port: number; password: string };
  const client = new Client({ host: '127.0.0.1', port, password, user: 'postgres', database: 'postgres' });
  await client.connect();
  let most = 0;
  const stopping = new AbortController();
  const watching = (async () => {
    while (!stopping.signal.aborted) {
      const { rows } = await client.query(
        "SELECT count(*)::int FROM pg_stat_activity WHERE backend_type = 'client backend'",
      );
      most = Math.max(most, rows[0].count);
      await sleep(20);
    }
    await client.end();
  })();
  const stop = async () => {
    stopping.abort();
    await watching;
    return most;
  };
  // Whatever becomes of the test, the platform is not stopped under it.
  onTestFinished(async () => {
    await stop();
  });
  return stop;
}
