// Attacks that find out who has an account here.
import { randomBytes, randomUUID } from 'node:crypto';
import type { SendOtpResponse } from '@kyong/contracts';
import { mannWhitney, median } from '@kyong/testing/statistics';
import { expect, test } from 'vitest';
import { createService, post } from '../harness.ts';

const pairs = 250;
const largestGap = 0.05;
/** Of two equal samples one in a thousand looks this different. */
const significance = 0.001;
/** A difference that is there is there every time; one that comes of a busy machine is not. */
const trials = 4;

test('enumeration: the answers for known and unknown addresses are the same, and take the same time', async () => {
  const { app, pool } = await createService();
  const send = async (to: string) => {
    const startedAt = performance.now();
    const response = await post(app, '/api/otp/send', { channel: 'email', to });
    return { response, milliseconds: performance.now() - startedAt };
  };
  for (let n = 0; n < 100; n++) await send(`warm-up-${n}@example.com`);

  const verdicts: { gap: number; p: number }[] = [];
  for (let trial = 0; trial < trials; trial++) {
    const people = Array.from({ length: pairs }, () => `${randomBytes(8).toString('hex')}@example.com`);
    const strangers = people.map(() => `${randomBytes(8).toString('hex')}@example.com`);
    await addPeople(pool, people);
    const times: { known: number[]; unknown: number[] } = { known: [], unknown: [] };
    for (let n = 0; n < pairs; n++) {
      // Taken in turns, each first as often as second, so that whatever else the machine does happens to both.
      const order = n % 2 ? (['known', 'unknown'] as const) : (['unknown', 'known'] as const);
      for (const kind of order) {
        const { response, milliseconds } = await send((kind === 'known' ? people : strangers)[n] ?? '');
        times[kind].push(milliseconds);
        expect(shapeOf(response)).toEqual(expected);
      }
    }
    const gap = Math.abs(median(times.known) / median(times.unknown) - 1);
    const { p } = mannWhitney(times.known, times.unknown);
    verdicts.push({ gap, p });
    if (gap < largestGap && p > significance) return;
  }
  expect.fail(`known and unknown addresses can be told apart: ${JSON.stringify(verdicts)}`);
});

/** All of an answer but what is drawn at random or tells the time. */
function shapeOf(response: Awaited<ReturnType<typeof post>>) {
  const { requestId, expiresAt, resendAfter, ...rest } = response.json<SendOtpResponse>();
  return {
    status: response.statusCode,
    headers: Object.keys(response.headers).sort(),
    length: response.headers['content-length'],
    types: [typeof requestId, requestId.length, typeof expiresAt, typeof resendAfter],
    rest,
  };
}

const expected = {
  status: 202,
  headers: expect.any(Array),
  length: expect.stringMatching(/^\d+$/),
  types: ['string', 43, 'string', 'string'],
  rest: {},
};

async function addPeople(pool: Awaited<ReturnType<typeof createService>>['pool'], addresses: string[]) {
  const ids = addresses.map(() => randomUUID());
  await pool.query('INSERT INTO users (id) SELECT unnest($1::uuid[])', [ids]);
  await pool.query(
    `INSERT INTO user_addresses (address, channel, user_id)
     SELECT address, 'email', id FROM unnest($1::text[], $2::uuid[]) AS people (address, id)`,
    [addresses, ids],
  );
}
