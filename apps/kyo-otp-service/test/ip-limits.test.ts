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

test('a /56 gets as much as four clients, and a /48 as much as sixteen', async () => {
  const admitted = async (address: (n: number) => string) =>
    (await knock(await createService(), times(400, address))).statuses.filter((status) => status === 400)
      .length;
  expect(await admitted((n) => `2001:db8:1:${(n % 256).toString(16)}::1`)).toBe(4 * 20);
  expect(await admitted((n) => `2001:db8:1:${(n * 128).toString(16)}::1`)).toBe(16 * 20);
  expect(await admitted((n) => `2001:db8:${n.toString(16)}::1`)).toBe(400);
});

test.each([
  ['POST', '/api/otp/receipts/aws', 1_200],
  ['GET', `/api/otp/receipts/mitake/${'a'.repeat(40)}?msgid=1`, 1_200],
  ['POST', '/api/auth/refresh', 600],
  ['POST', '/api/auth/logout', 600],
  ['GET', '/.well-known/jwks.json', 600],
  ['GET', '/api/auth/me', 600],
  ['GET', '/api/otp/policy', 600],
  ['GET', '/api/otp/nothing', 600],
] as const)('%s %s is answered so many times a minute and address: %i', async (method, url, count) => {
  const { app } = await createService();
  const ask = () => app.inject({ method, url, headers: { 'x-forwarded-for': '203.0.113.7' } });
  const statuses = (await Promise.all(times(count + 1, ask))).map(({ statusCode }) => statusCode);
  expect(statuses.filter((status) => status === 429)).toHaveLength(1);
});

test('whoever asks whether the service lives is never limited', async () => {
  const { app } = await createService();
  const ask = () => app.inject({ url: '/health', headers: { 'x-forwarded-for': '203.0.113.7' } });
  const statuses = (await Promise.all(times(700, ask))).map(({ statusCode }) => statusCode);
  expect(new Set(statuses)).toEqual(new Set([200]));
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
