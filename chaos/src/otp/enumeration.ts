import { randomUUID } from 'node:crypto';
import { Agent, request } from 'node:http';
import { join } from 'node:path';
import { RedisServer } from '@kyong/embedded-servers';
import type { Pool } from '@kyong/postgres';
import { mannWhitney, median } from '@kyong/testing/statistics';
import type { Fault } from '../fault.ts';
import { withHttpService } from './http-service.ts';

const warmUp = 200;
const largestGap = 0.05;
/** Of two equal samples one in a thousand looks this different. */
const significance = 0.001;
/** A difference that is there is there every time; one that comes of a busy machine is not. */
const maxTrials = 4;

/** Somebody asks for codes to addresses that are known and to others, and compares the answers and how long they take. */
export const enumeration: Fault = {
  name: 'known against unknown addresses',
  async run(stage) {
    const pairs = stage.scale === 'full' ? 10_000 : 250;
    await using started = new AsyncDisposableStack();
    const server = new RedisServer(join(stage.directory, 'redis'), { fsync: 'no' });
    started.defer(() => server.stop());
    const { host, port, password } = await server.start(() => {});
    const redis = { nodes: [{ host, port }], password };
    return await withHttpService(stage, { redis, confirmingReplicas: 0 }, async ({ instances, master }) => {
      const agent = new Agent({ keepAlive: true, maxSockets: 1 });
      const url = `${instances[0]}/api/otp/send`;
      for (let n = 0; n < warmUp; n++) await timedSend(url, agent, addressOf(randomUUID()));
      for (let trial = 1; ; trial++) {
        const { gap, p, shapes } = await compare(master, pairs, (to) => timedSend(url, agent, to));
        const held = shapes === 1 && gap < largestGap && p > significance;
        if (!held && shapes === 1 && trial < maxTrials) continue;
        agent.destroy();
        return {
          injected: `${pairs.toLocaleString('en')} sends to known addresses, as many to unknown ones, in turns; trial ${trial} of at most ${maxTrials}`,
          counts: {
            'kinds of answers': shapes,
            '% between the medians of their times': 100 * gap,
            '= p of the Mann-Whitney U test': p,
          },
          held,
        };
      }
    });
  },
};

async function compare(
  master: Pool,
  pairs: number,
  send: (to: string) => Promise<{ milliseconds: number; shape: string }>,
) {
  const people = Array.from({ length: pairs }, () => addressOf(randomUUID()));
  await addPeople(master, people);
  const times: Record<'known' | 'unknown', number[]> = { known: [], unknown: [] };
  const shapes = new Set<string>();
  for (const [n, person] of people.entries()) {
    // Taken in turns, each first as often as second, so that whatever else the machine does happens to both.
    const order = n % 2 ? (['known', 'unknown'] as const) : (['unknown', 'known'] as const);
    for (const kind of order) {
      const { milliseconds, shape } = await send(kind === 'known' ? person : addressOf(randomUUID()));
      times[kind].push(milliseconds);
      shapes.add(shape);
    }
  }
  const gap = Math.abs(median(times.known) / median(times.unknown) - 1);
  return { gap, ...mannWhitney(times.known, times.unknown), shapes: shapes.size };
}

const addressOf = (name: string) => `${name}@example.com`;

/** People who have signed in before. */
async function addPeople(master: Pool, addresses: string[]): Promise<void> {
  const ids = addresses.map(() => randomUUID());
  await master.query('INSERT INTO users (id) SELECT unnest($1::uuid[])', [ids]);
  await master.query(
    `INSERT INTO user_addresses (address, channel, user_id)
     SELECT address, 'email', id FROM unnest($1::text[], $2::uuid[]) AS people (address, id)`,
    [addresses, ids],
  );
}

/** A send, how long its answer takes, and all of the answer but what is drawn at random or tells the time. */
function timedSend(url: string, agent: Agent, to: string): Promise<{ milliseconds: number; shape: string }> {
  return new Promise((resolve, reject) => {
    const startedAt = performance.now();
    const call = request(
      url,
      { method: 'POST', agent, headers: { 'content-type': 'application/json' } },
      async (response) => {
        let body = '';
        for await (const chunk of response) body += chunk;
        const milliseconds = performance.now() - startedAt;
        const headers = Object.keys(response.headers).sort();
        const fields = Object.entries(JSON.parse(body) as object).map(([name, value]) => [
          name,
          typeof value,
        ]);
        resolve({ milliseconds, shape: JSON.stringify([response.statusCode, headers, body.length, fields]) });
      },
    );
    call.on('error', reject);
    call.end(JSON.stringify({ channel: 'email', to }));
  });
}
