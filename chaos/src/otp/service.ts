import { randomBytes, randomInt } from 'node:crypto';
import { join } from 'node:path';
import { type RedisEndpoint, RedisServer } from '@kyong/embedded-servers';
import { createOtp, issue, type Otp, OtpKeys, verify } from '@kyong/otp';
import { redisOtpStore } from '@kyong/otp/adapters/redis';
import { confirmWrites, connectRedis, untilReady } from '@kyong/redis';
import { TestClock } from '@kyong/testing/clock';
import type { Cluster } from 'ioredis';
import type { Stage } from '../fault.ts';

export interface SentCode {
  to: string;
  requestId: string;
  code: string;
}

/** Two instances of the service's core on one Redis, whose time we move. */
export interface Service {
  server: RedisServer;
  redis: Cluster;
  clock: TestClock;
  /** Sends a code and reads it. @throws what the store throws, and for a send that was refused. */
  send: (to: string) => Promise<SentCode>;
  /** Takes turns between the instances. */
  verify: (requestId: string, code: string) => ReturnType<typeof verify>;
}

export async function withService<T>(
  { directory }: Stage,
  options: { fsync: 'always' | 'no' },
  task: (service: Service) => Promise<T>,
): Promise<T> {
  await using started = new AsyncDisposableStack();
  const server = new RedisServer(join(directory, 'redis'), options);
  started.defer(() => server.stop());
  const endpoint = await server.start(() => {});
  const connections = await Promise.all([connect(endpoint), connect(endpoint)]);
  for (const redis of connections) started.defer(() => redis.disconnect());
  const [redis] = connections;
  const keys = new OtpKeys(randomBytes(32));
  const clock = new TestClock(new Date());
  const instances = connections.map((connection) => createInstance(connection, keys, clock));
  let calls = 0;
  const next = () => {
    calls += 1;
    const instance = instances[calls % instances.length];
    if (!instance) throw new RangeError('There is no instance.');
    return instance;
  };
  return await task({
    server,
    redis,
    clock,
    send: (to) => next().send(to),
    verify: (requestId, code) => verify(next().otp, { requestId, code }),
  });
}

export async function connect(endpoint: RedisEndpoint): Promise<Cluster> {
  const { host, port, password } = endpoint;
  const redis = connectRedis({ nodes: [{ host, port }], password }, () => {});
  await untilReady(redis);
  return redis;
}

function createInstance(redis: Cluster, keys: OtpKeys, clock: TestClock) {
  let drawn: number[] = [];
  const otp: Otp = createOtp({
    store: redisOtpStore(confirmWrites(redis, 0)),
    keys,
    now: clock.now,
    randomInt: (bound) => {
      const digit = randomInt(bound);
      drawn.push(digit);
      return digit;
    },
  });
  const send = async (to: string): Promise<SentCode> => {
    drawn = [];
    const issuing = issue(otp, { channel: 'email', to, purpose: 'login', locale: 'en' });
    // Drawn before anything was awaited.
    const code = drawn.join('');
    const result = await issuing;
    if (result.outcome !== 'issued') throw new Error(`Not sent: ${result.outcome}`);
    return { to, requestId: result.requestId, code };
  };
  return { otp, send };
}

/** A code that is not this one; another for each `n` up to 899,999. */
export function wrongCode(code: string, n = 0): string {
  return String((Number(code) + 1 + n) % 1_000_000).padStart(6, '0');
}
