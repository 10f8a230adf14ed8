// Attacks that hide who asks, or stand in somebody's way.
import { expect, test } from 'vitest';
import { createApp } from '../../src/app.ts';
import { createService, post, problemOf } from '../harness.ts';
import { createTarget, useOwnRedis, wrong } from './target.ts';

useOwnRedis();

const victim = 'victim@example.com';

test('victim lockout: a stranger who spends every attempt keeps the victim out for an hour, not for good', async () => {
  const { clock, send, verify, freshIp, readCode } = await createTarget();
  const attacked = await readCode(victim, await send(victim, { ip: freshIp() }));
  for (let n = 0; n < 30; n++) await verify(attacked.requestId, wrong(attacked.code), freshIp());
  const refused = await verify(attacked.requestId, attacked.code, freshIp());
  expect(problemOf(refused)).toEqual([429, 'otp_attempts_exhausted']);
  const waitSeconds = Number(refused.headers['retry-after']);
  expect(waitSeconds).toBeLessThanOrEqual(3_600);

  // Guesses that are refused do not make the wait longer.
  clock.advance(waitSeconds / 2);
  for (let n = 0; n < 30; n++) await verify(attacked.requestId, attacked.code, freshIp());
  clock.advance(waitSeconds / 2);
  const own = await readCode(victim, await send(victim, { ip: freshIp() }));
  expect((await verify(own.requestId, own.code, freshIp())).statusCode).toBe(200);
});

test('victim lockout: codes a stranger asks for do not spoil the one the victim has', async () => {
  const { clock, send, verify, freshIp, readCode } = await createTarget();
  const own = await readCode(victim, await send(victim, { ip: freshIp() }));
  for (const wait of [30, 60]) {
    clock.advance(wait);
    expect((await send(victim, { ip: freshIp() })).statusCode).toBe(202);
  }
  expect((await verify(own.requestId, own.code, freshIp())).statusCode).toBe(200);
});

test('header-spoofed IP: whatever a client claims, it is counted under the address the proxy saw', async () => {
  const { app } = await createTarget();
  const proxySaw = '198.51.100.7';
  const statuses: number[] = [];
  for (let n = 0; n < 30; n++) {
    const claimed = n % 3 === 0 ? '127.0.0.1' : `203.0.113.${n}`;
    const headers = {
      'x-forwarded-for': `${claimed}, ${proxySaw}`,
      'x-real-ip': claimed,
      'x-client-ip': claimed,
      'cf-connecting-ip': claimed,
      'true-client-ip': claimed,
      forwarded: `for=${claimed}`,
    };
    statuses.push((await post(app, '/api/otp/send', {}, headers)).statusCode);
  }
  expect(statuses.filter((status) => status !== 429)).toHaveLength(20);
});

test('header-spoofed IP: without a proxy in front no header is believed', async () => {
  const { dependencies } = await createService({ limitLoopback: true });
  const app = createApp({ ...dependencies, trustedProxies: 0 });
  const statuses: number[] = [];
  for (let n = 0; n < 30; n++)
    statuses.push((await post(app, '/api/otp/send', {}, { 'x-forwarded-for': `203.0.113.${n}` })).statusCode);
  await app.close();
  expect(statuses.filter((status) => status !== 429)).toHaveLength(20);
});

test('homograph e-mail: look-alikes of an address are refused, spellings of it share its limits', async () => {
  const { send, freshIp } = await createTarget();
  expect((await send(victim, { ip: freshIp() })).statusCode).toBe(202);
  const lookAlikes = [
    'vіctim@example.com', // Cyrillic і
    'victim@exаmple.com', // Cyrillic а
    'victim@example.cοm', // Greek ο
    'ｖictim@example.com', // full width
    'victim@exam\u00adple.com', // soft hyphen
    'victim\u200b@example.com', // zero width space
    'victim@example\u3002com', // ideographic full stop
    'victim@example.com\u0000',
    'victim@example.com\r\nbcc: all@example.com',
    '"victim"@example.com',
    'victim@[127.0.0.1]',
  ];
  for (const to of lookAlikes)
    expect([to, ...problemOf(await send(to, { ip: freshIp() }))]).toEqual([to, 400, 'malformed_request']);
  for (const to of ['VICTIM@EXAMPLE.COM', 'Victim@Example.Com'])
    expect(problemOf(await send(to, { ip: freshIp() }))).toEqual([429, 'otp_resend_too_soon']);
});
