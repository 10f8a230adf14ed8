import { randomBytes, randomUUID } from 'node:crypto';
import { postgresIdentityStore } from '@kyong/identity/adapters/postgres';
import { loadSigningKeys, type SigningKey } from '@kyong/identity/adapters/signing-keys';
import { createOtp, issue, OtpKeys, type OtpStore, verify } from '@kyong/otp';
import { redisOtpStore } from '@kyong/otp/adapters/redis';
import { createPool } from '@kyong/postgres';
import { confirmWrites, connectRedis, type RedisConnection, untilReady } from '@kyong/redis';
import { addressOf } from './people.ts';

const rounds = 9;
const pairsPerRound = 2_000;
const concurrency = 64;
const now = () => new Date();

/**
 * What parts of a pair cost by themselves, in this process: microseconds of processor time. In the service each costs more,
 * for there it finds the caches full of the others.
 */
export async function measureParts(options: {
  redis: RedisConnection;
  databaseUrl: string;
  signingKeys: SigningKey[];
}): Promise<Record<string, number>> {
  const redis = connectRedis(options.redis, () => {});
  await untilReady(redis);
  const pool = createPool(
    { connectionString: options.databaseUrl },
    { maxConnections: 10, idleTimeoutSeconds: 30 },
    () => {},
  );
  const signer = await loadSigningKeys(options.signingKeys, {
    issuer: 'https://kyo.example',
    audience: 'kyo',
    now,
  });
  const identities = postgresIdentityStore(pool);
  const claims = { sub: randomUUID(), roles: [], scope: 'session', auth_time: 0 };
  try {
    const withoutRedis = await costOf(pairWith(keepInMemory()));
    const withRedis = await costOf(pairWith(redisOtpStore(confirmWrites(redis, 0))));
    return {
      'hashing and sealing': withoutRedis,
      'two commands to Redis': withRedis - withoutRedis,
      'the session in PostgreSQL': await costOf((n) =>
        identities.signIn({ channel: 'email', value: addressOf(n) }, newSession()),
      ),
      "the access token's signature": await costOf(() => signer.sign(claims, 900)),
    };
  } finally {
    redis.disconnect();
    await pool.end();
  }
}

/** A code is asked for and handed in; it is always the same one. */
function pairWith(store: OtpStore): (n: number) => Promise<unknown> {
  const otp = createOtp({ store, keys: new OtpKeys(randomBytes(32)), now, randomInt: () => 0 });
  return async (n) => {
    const issued = await issue(otp, { channel: 'email', to: addressOf(n), purpose: 'login', locale: 'en' });
    if (issued.outcome !== 'issued') throw new Error(`No code was issued: ${issued.outcome}`);
    const { outcome } = await verify(otp, { requestId: issued.requestId, code: '000000' });
    if (outcome !== 'correct') throw new Error(`The code was not accepted: ${outcome}`);
  };
}

function keepInMemory(): OtpStore {
  const grants = new Map<string, string>();
  return {
    issue: async ({ requestId, grant, issuedAt }) => {
      grants.set(requestId, grant);
      return { outcome: 'issued', resendAfter: issuedAt };
    },
    verify: async ({ requestId }) => {
      const grant = grants.get(requestId);
      grants.delete(requestId);
      return grant === undefined ? { outcome: 'expired' } : { outcome: 'correct', grant };
    },
  };
}

function newSession() {
  const createdAt = now();
  const expiresAt = new Date(createdAt.getTime() + 86_400_000);
  const [tokenHash, familyHash] = [randomBytes(32), randomBytes(32)];
  return { id: randomUUID(), scope: 'session', tokenHash, familyHash, createdAt, expiresAt };
}

/** The least of all rounds: the one that met the least else on the machine. */
async function costOf(task: (n: number) => Promise<unknown>): Promise<number> {
  let least = Number.POSITIVE_INFINITY;
  let next = 0;
  for (let round = 1; round <= rounds; round++) {
    const before = process.cpuUsage();
    const client = async () => {
      while (next < round * pairsPerRound) await task(next++);
    };
    await Promise.all(Array.from({ length: concurrency }, client));
    const { user, system } = process.cpuUsage(before);
    least = Math.min(least, (user + system) / pairsPerRound);
  }
  return least;
}
