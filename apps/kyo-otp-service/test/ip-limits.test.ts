import { expect, test } from 'vitest';
import { createService, post, problemOf } from './harness.ts';

/** Posts nonsense from an address, `count` times: it costs no code, and counts. */
async function knock(service: Awaited<ReturnType<typeof createService>>, addresses: string[]) {
  const statuses: number[] = [];
  let last = await post(service.app, '/api/otp/send', {});
  for (const address of addresses) {
    last = await post(service.app, '/api/otp/send', {}, { 'x-forwarded-for': address });
    statuses.push(last.statusCode);
  }
  return { statuses, last };
}

const times = <T>(count: number, value: (n: number) => T) =>
  Array.from({ length: count }, (_, n) => value(n));

test('one address gets twenty a minute, another is not touched, and time heals', async () => {
  const service = await createService();
  const { statuses, last } = await knock(
    service,
    times(21, () => '203.0.113.7'),
  );
  expect(statuses).toEqual([...times(20, () => 400), 429]);
  expect(problemOf(last)).toEqual([429, 'rate_limited']);
  expect(last.headers['retry-after']).toBe('3');
  expect((await knock(service, ['203.0.113.8'])).statuses).toEqual([400]);
  service.clock.advance(3);
  expect((await knock(service, ['203.0.113.7'])).statuses).toEqual([400]);
});

test('a /64 counts as one', async () => {
  const service = await createService();
  const { statuses } = await knock(
    service,
    times(21, (n) => `2001:db8:1:2::${n + 1}`),
  );
  expect(statuses.at(-1)).toBe(429);
});

test('only the last proxy is believed: what a client claims before it changes nothing', async () => {
  const service = await createService();
  const { statuses } = await knock(
    service,
    times(21, (n) => `198.51.100.${n}, 203.0.113.7`),
  );
  expect(statuses.at(-1)).toBe(429);
});

test('loopback is let through on a laptop, and counted when told so', async () => {
  const knocks = times(30, () => '127.0.0.1');
  expect((await knock(await createService(), knocks)).statuses).not.toContain(429);
  expect((await knock(await createService({ limitLoopback: true }), knocks)).statuses).toContain(429);
});
