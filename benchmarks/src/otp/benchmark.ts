import { randomBytes } from 'node:crypto';
import { createSigningKey } from '@kyong/identity/adapters/signing-keys';
import { OtpKeys } from '@kyong/otp';
import { masterMigrations } from '@kyong/tenancy/adapters/master-database';
import { Redis } from 'ioredis';
import { type DataServers, startDataServers } from '../data-servers.ts';
import { cores, pinSelf } from '../machine.ts';
import type { Report, Target } from '../report.ts';
import { type Contestant, startBetterAuth, startFloor, startHttpLayer, startKyo } from './contestants.ts';
import { type Measurement, measureRound, summarise } from './measure.ts';
import { measureParts } from './parts.ts';
import { addPeople } from './people.ts';
import { readVersions } from './versions.ts';

const warmUpRounds = 2;
const rounds = 7;
const people = 100_000;
/** Counts that instances share every few seconds are script calls too, a few in ten thousand operations. */
const background = 0.001;

/** One-time passwords: Kyo, the floor and better-auth, in turns, each on the same core. */
export async function benchmarkOtp(progress: (line: string) => void): Promise<Report> {
  pinSelf(cores.load);
  await using started = new AsyncDisposableStack();
  progress('Starting Redis and PostgreSQL');
  const servers = await startDataServers();
  started.defer(() => servers.stop());
  const redis = new Redis(servers.redis);
  started.defer(() => redis.disconnect());

  progress('Starting Kyo, the floor and better-auth');
  const kyo = await configureKyo(servers);
  const contestants = await startContestants(servers, kyo, redis, started);
  const measurements = new Map(contestants.map((contestant) => [contestant, [] as Measurement[]]));
  const scripts: Record<string, { calls: number; requests: number }> = {};
  for (let round = 0; round < warmUpRounds + rounds; round++) {
    progress(round < warmUpRounds ? 'Warming up' : `Round ${round - warmUpRounds + 1} of ${rounds}`);
    for (const contestant of contestants) {
      await redis.config('RESETSTAT');
      const measurement = await measureRound(contestant, round * contestant.pairsPerRound);
      if (round < warmUpRounds) continue;
      measurements.get(contestant)?.push(measurement);
      const counted = scripts[contestant.name] ?? { calls: 0, requests: 0 };
      scripts[contestant.name] = counted;
      counted.calls += await countScripts(redis);
      counted.requests += 2 * measurement.pairs;
    }
  }

  const rows = contestants.map((contestant) => ({
    name: contestant.name,
    values: {
      ...summarise(measurements.get(contestant) ?? []),
      'scripts/req': perRequest(scripts[contestant.name]),
    },
  }));
  progress('Measuring parts');
  const parts = Object.entries(await measureParts(kyo));
  return {
    columns: ['req/s', 'pairs/s', 'µs/send', 'µs/verify', 'µs/pair', 'scripts/req'],
    rows: [
      ...rows,
      ...parts.map(([part, cost]) => ({ name: `Kyo: ${part} alone`, values: { 'µs/pair': cost } })),
    ],
    versions: await readVersions(redis, servers.postgres.url),
    method: [
      `Medians of ${rounds} rounds after ${warmUpRounds} to warm up, contestants in turns; µs: processor time of the server's process.`,
      'Each server alone on one core, Redis (cluster mode, appendfsync always), PostgreSQL and the load on the other; 64 connections.',
      'Everybody is known and signs in for real: a session, an access token (signed) and a refresh token; limits and log on.',
      'Parts alone: the least of nine rounds, with warm caches; together in the service they cost more.',
    ],
    targets: targetsOf(rows),
  };
}

async function configureKyo(servers: DataServers) {
  const { host, port, password } = servers.redis;
  const databaseUrl = await servers.createDatabase('kyo', { migrations: masterMigrations });
  await addPeople(databaseUrl, 'ours', people);
  return {
    redis: { nodes: [{ host, port }], password },
    databaseUrl,
    otpSecret: randomBytes(32).toString('base64url'),
    signingKeys: [await createSigningKey(new Date())],
  };
}

async function startContestants(
  servers: DataServers,
  kyo: Awaited<ReturnType<typeof configureKyo>>,
  redis: Redis,
  started: AsyncDisposableStack,
): Promise<Contestant[]> {
  const { logFile } = servers;
  const [both, postgres] = await Promise.all([
    servers.createDatabase('auth_redis'),
    servers.createDatabase('auth'),
  ]);
  const contestants: Contestant[] = [];
  const add = (contestant: Contestant) => {
    started.defer(() => contestant.server.stop());
    contestants.push(contestant);
  };
  const secret = kyo.otpSecret;
  const keys = new OtpKeys(Buffer.from(secret, 'base64url'));
  add(await startKyo({ configuration: kyo, logFile, redis, keys }));
  add(await startFloor({ configuration: { redis: kyo.redis }, logFile }));
  for (const [name, databaseUrl, storage] of [
    ['better-auth, Redis + PostgreSQL', both, { redis: kyo.redis }],
    ['better-auth, PostgreSQL', postgres, {}],
  ] as const) {
    add(await startBetterAuth(name, { configuration: { ...storage, databaseUrl, secret }, logFile }));
    await addPeople(databaseUrl, 'theirs', people);
  }
  add(await startHttpLayer({ logFile }));
  return contestants;
}

function perRequest(counted: { calls: number; requests: number } | undefined): number {
  return counted ? counted.calls / counted.requests : Number.NaN;
}

/** Script calls since the last reset: what an operation of Kyo costs Redis. */
async function countScripts(redis: Redis): Promise<number> {
  const statistics = await redis.info('commandstats');
  return Number(/cmdstat_evalsha:calls=(\d+)/.exec(statistics)?.[1] ?? 0);
}

function targetsOf(rows: Report['rows']): Target[] {
  const value = (index: number, column: string) => rows[index]?.values[column] ?? Number.NaN;
  const speed = (against: number) => value(against, 'µs/pair') / value(0, 'µs/pair');
  const atLeast = (what: string, measured: number, must: number, aim: number) => ({
    what,
    measured,
    must,
    aim,
    met: measured >= must,
  });
  const scripts = value(0, 'scripts/req');
  return [
    atLeast("pairs against the floor's", speed(1), 0.75, 0.9),
    atLeast('pairs against better-auth on Redis and PostgreSQL', speed(2), 18, 24),
    atLeast('pairs against better-auth on PostgreSQL', speed(3), 35, 45),
    {
      what: 'Redis commands an operation',
      measured: scripts,
      must: 1,
      met: Math.abs(scripts - 1) < background,
    },
  ];
}
