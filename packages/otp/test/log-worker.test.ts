import { randomBytes } from 'node:crypto';
import { confirmWrites, connectRedis, untilReady } from '@kyong/redis';
import { eventually, startTestRedis, TestClock } from '@kyong/testing';
import { expect, onTestFinished, test } from 'vitest';
import { LogWorker, redisOtpStore } from '../src/adapters/redis/index.ts';
import { addToLog, readNewReports } from '../src/adapters/redis/log-queue.ts';
import { keyOf, partitionOf, partitions } from '../src/adapters/redis/partition.ts';
import {
  createOtp,
  issue,
  type LogReport,
  OtpKeys,
  type OtpLog,
  sendReference,
  TenantUnknown,
  verify,
} from '../src/index.ts';

/** A log queue in a Redis of its own, and workers whose log is a list. */
async function createQueue() {
  const clock = new TestClock();
  const server = await startTestRedis();
  const redis = connectRedis({ nodes: [server.endpoint], password: server.endpoint.password }, () => {});
  onTestFinished(() => redis.disconnect());
  await untilReady(redis);
  const keys = new OtpKeys(randomBytes(32));
  const drawn: number[] = [];
  const randomInt = (bound: number) => {
    const digit = randomBytes(1).readUInt8() % bound;
    drawn.push(digit);
    return digit;
  };
  const otp = createOtp({ store: redisOtpStore(confirmWrites(redis, 0)), keys, now: clock.now, randomInt });
  const written: LogReport[] = [];
  const counts = { lost: 0, errors: 0 };
  const keep: OtpLog['record'] = async (_, reports) => {
    written.push(...reports);
    return [];
  };
  const startWorker = (record = keep, retryAfterMilliseconds = 50) => {
    const worker = new LogWorker({
      ...{ redis, keys, log: { record }, now: () => new Date() },
      onError: () => {
        counts.errors += 1;
      },
      onLost: (count) => {
        counts.lost += count;
      },
      ...{ intervalMilliseconds: 20, retryAfterMilliseconds },
    });
    worker.start();
    onTestFinished(() => worker.stop());
    return worker;
  };
  /** Uses a code, as the person would. */
  const signIn = async (to: string, tenantId?: string) => {
    const request = { channel: 'email', to, purpose: 'login', locale: 'en', tenantId } as const;
    const result = await issue(otp, request);
    if (result.outcome !== 'issued') throw new Error(result.outcome);
    const { requestId } = result;
    const code = drawn.slice(-otp.policy.codeLength).join('');
    expect(await verify(otp, { requestId, code })).toMatchObject({ outcome: 'correct' });
    return requestId;
  };
  const waiting = async () => {
    const lengths = await Promise.all(
      Array.from({ length: partitions }, (_, partition) => redis.xlen(keyOf.log(partition))),
    );
    return lengths.reduce((sum, length) => sum + length);
  };
  return { ...{ clock, server, redis, keys, otp, written, counts, startWorker, signIn, waiting } };
}

const people = Array.from({ length: 40 }, (_, n) => `person${n}@example.com`);

test('a code that is used is told to the log by the verifying script itself; without a tenant nobody is told', async () => {
  const { signIn, waiting, startWorker, written, clock } = await createQueue();
  await signIn('ann@example.com');
  expect(await waiting()).toBe(0);
  const requestId = await signIn('bob@example.com', 'gym');
  expect(await waiting()).toBe(1);
  startWorker();
  await eventually(async () => expect(await waiting()).toBe(0));
  expect(written).toEqual([
    {
      kind: 'verified',
      at: clock.now().toISOString(),
      entry: {
        ...{ tenantId: 'gym', reference: sendReference(requestId), channel: 'email', purpose: 'login' },
        ...{ recipient: 'b***b@example.com', requestedAt: clock.now().toISOString() },
        recipientHash: expect.any(String),
      },
    },
  ]);
});

test('a use whose reply was lost is told once', async () => {
  const { otp, waiting } = await createQueue();
  const recipient = otp.keys.recipient('ann@example.com');
  const guess = {
    ...{ recipient, requestId: 'one', codeHash: 'hash', operationId: 'o', at: otp.now() },
    limit: otp.policy.attempts,
    reserve: otp.policy.reserve,
  };
  const issuedAt = otp.now();
  await otp.store.issue({
    ...{ recipient, requestId: 'one', codeHash: 'hash', grant: 'grant', delivery: 'd', logEntry: 'entry' },
    ...{ issuedAt, expiresAt: new Date(issuedAt.getTime() + 300_000), policy: otp.policy },
  });
  await otp.store.verify(guess);
  await otp.store.verify(guess);
  await otp.store.verify({ ...guess, operationId: 'another' });
  expect(await waiting()).toBe(1);
});

test('two workers share the work, and every line is written once', async () => {
  const { signIn, startWorker, written, waiting } = await createQueue();
  startWorker(undefined, 60_000);
  startWorker(undefined, 60_000);
  for (const to of people) await signIn(to, 'gym');
  await eventually(async () => expect(await waiting()).toBe(0));
  expect(written).toHaveLength(people.length);
});

test('what a worker took and did not write is written by another', async () => {
  const { redis, keys, signIn, startWorker, written, waiting } = await createQueue();
  const first = startWorker();
  await eventually(async () => expect(await redis.exists(keyOf.log(0))).toBe(1));
  await first.stop();
  await signIn('ann@example.com', 'gym');
  const partition = partitionOf(keys.recipient('ann@example.com'));
  expect(await readNewReports({ redis, keys }, partition, 10)).toHaveLength(1);
  startWorker();
  await eventually(() => expect(written).toHaveLength(1));
  await eventually(async () => expect(await waiting()).toBe(0));
});

test('a tenant that is away is tried again, alone; one that does not exist is not', async () => {
  const { signIn, startWorker, waiting, counts } = await createQueue();
  const tried: string[] = [];
  let away = true;
  startWorker(async (tenantId) => {
    tried.push(tenantId);
    if (tenantId === 'nobody') throw new TenantUnknown('nobody');
    if (tenantId === 'away' && away) throw new Error('away');
    return [];
  });
  for (const tenantId of ['away', 'gym', 'nobody']) await signIn(`${tenantId}@example.com`, tenantId);
  await eventually(() => expect(tried.filter((tenantId) => tenantId === 'away').length).toBeGreaterThan(2));
  expect(await waiting()).toBe(1);
  away = false;
  await eventually(async () => expect(await waiting()).toBe(0));
  expect(tried.filter((tenantId) => tenantId !== 'away').sort()).toEqual(['gym', 'nobody']);
  expect(counts).toEqual({ lost: 0, errors: expect.any(Number) });
});

test('what cannot be read, and what waited for more than a day, is given up and counted', async () => {
  const { redis, keys, startWorker, waiting, counts } = await createQueue();
  await addToLog(redis, 0, new OtpKeys(randomBytes(32)).seal('log', '{}'));
  const receipt = { kind: 'receipt', tenantId: 'gym', reference: 'x', at: '', status: 'delivered' };
  const sealed = keys.seal('log', JSON.stringify(receipt));
  await redis.xadd(keyOf.log(1), `${Date.now() - 90_000_000}-1`, 'report', sealed);
  await addToLog(redis, 2, sealed);
  startWorker(async (_, reports) => reports.filter((report) => report.kind === 'receipt'));
  await eventually(() => expect(counts.lost).toBe(2));
  expect(await waiting()).toBe(1);
});

test('a worker lives through a restart of Redis, and nothing is lost', async () => {
  const { server, redis, signIn, startWorker, written, waiting } = await createQueue();
  await signIn('ann@example.com', 'gym');
  await server.stop();
  startWorker();
  await server.start(() => {});
  await untilReady(redis);
  await signIn('bob@example.com', 'gym');
  await eventually(() => expect(written).toHaveLength(2));
  await eventually(async () => expect(await waiting()).toBe(0));
});
