// Attacks that earn by the messages we pay for.

import type { SendOtpResponse } from '@kyong/contracts';
import { defaultBrake } from '@kyong/otp';
import { eventually } from '@kyong/testing';
import { expect, onTestFinished, test } from 'vitest';
import { createApp, type OtpServiceDependencies } from '../../src/app.ts';
import { createService, post, problemOf } from '../harness.ts';
import { queuedCode } from '../queued-code.ts';
import { connectOwnRedis, useOwnRedis } from './target.ts';

useOwnRedis();

const { blockSends, conversion } = defaultBrake;
const block = '+88691234';

/** The service on an empty Redis, and ten thousand numbers in a row, each asked for from another address. */
async function createRange(options: Partial<OtpServiceDependencies> = {}) {
  const redis = await connectOwnRedis();
  await redis.flushall();
  const service = await createService({ redis, limitLoopback: true });
  const { app, clock, dependencies, log } = service;
  const apps = [app];
  const addInstance = () => {
    const instance = createApp({ ...dependencies, ...options });
    onTestFinished(() => instance.close());
    return apps.push(instance) - 1;
  };
  const first = Object.keys(options).length > 0 ? addInstance() : 0;
  let sent = 0;
  let addresses = 0;
  const freshIp = () => `203.0.${(++addresses >> 8) % 256}.${addresses % 256}`;
  const send = (to = `${block}${String(sent++).padStart(4, '0')}`, instance = first) =>
    post(apps[instance] ?? app, '/api/otp/send', { channel: 'sms', to }, { 'x-forwarded-for': freshIp() });
  const answers = async (count: number) => {
    const codes: string[] = [];
    for (let n = 0; n < count; n++) {
      const response = await send();
      codes.push(response.statusCode === 202 ? 'sent' : problemOf(response)[1]);
    }
    return codes;
  };
  return {
    ...service,
    apps,
    addInstance,
    send,
    answers,
    /** Sends a code and uses it, as a person does. */
    signIn: async () => {
      const response = await send();
      expect(response.statusCode).toBe(202);
      const { requestId } = response.json<SendOtpResponse>();
      const code = await queuedCode(dependencies, requestId);
      const verified = await post(
        apps[first] ?? app,
        '/api/otp/verify',
        { requestId, code },
        { 'x-forwarded-for': freshIp() },
      );
      expect(verified.statusCode).toBe(200);
    },
    nextBucket: () => clock.advance(conversion.bucketSeconds),
    alarms: () =>
      log
        .map((line) => JSON.parse(line) as { alarm?: string; prefix?: string })
        .filter(({ alarm, prefix }) => alarm !== undefined && prefix === `${block.slice(1)}xxxx`)
        .map(({ alarm }) => alarm),
  };
}

test('a botnet that pumps a range gets its thirty codes, and an operator hears of it once', async () => {
  const { answers, send, alarms } = await createRange();
  const codes = await answers(100);
  expect(codes.filter((code) => code === 'sent')).toHaveLength(blockSends.count);
  expect(codes.filter((code) => code === 'otp_prefix_limit')).toHaveLength(100 - blockSends.count);
  const refused = await send();
  expect(refused.statusCode).toBe(429);
  expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
  expect(alarms()).toEqual(['prefix_limit']);
});

test('a range nobody signs in from is cut off, but for a trial or two a minute', async () => {
  const { clock, answers, send, alarms, nextBucket } = await createRange();
  expect(new Set(await answers(conversion.minSends))).toEqual(new Set(['sent']));
  nextBucket();
  expect(await answers(5)).toEqual([
    'sent',
    'sent',
    ...Array.from({ length: 3 }, () => 'otp_prefix_cut_off'),
  ]);
  expect(Number((await send()).headers['retry-after'])).toBeGreaterThan(0);
  expect(alarms()).toEqual(['prefix_cut_off']);

  // Twenty minutes of it: what the attacker gets is the trials.
  let got = 0;
  for (let n = 0; n < 240; n++) {
    clock.advance(5);
    got += (await answers(1)).filter((code) => code === 'sent').length;
  }
  expect(got).toBeGreaterThan(0);
  expect(got).toBeLessThanOrEqual(2 * 20);
});

test('a range is open again when people sign in from it', async () => {
  const { clock, answers, signIn, alarms, nextBucket } = await createRange();
  await answers(conversion.minSends);
  nextBucket();
  expect(await answers(3)).toEqual(['sent', 'sent', 'otp_prefix_cut_off']);
  nextBucket();
  nextBucket();
  nextBucket();
  for (let n = 0; n < conversion.recoverySends; n++) {
    await signIn();
    clock.advance(conversion.trials.windowSeconds);
  }
  nextBucket();
  expect(await answers(3)).toEqual(['sent', 'sent', 'sent']);
  expect(alarms()).toEqual(['prefix_cut_off', 'prefix_recovered']);
});

test('a range with as many codes, of which people use some, stays open', async () => {
  const { answers, signIn, alarms, nextBucket } = await createRange();
  for (let n = 0; n < conversion.minSends / 4; n++) await signIn();
  await answers((conversion.minSends * 3) / 4);
  nextBucket();
  expect(await answers(3)).toEqual(['sent', 'sent', 'sent']);
  expect(alarms()).toEqual([]);
});

test('asking again and again for one number uses up nothing of its range', async () => {
  const { answers, send } = await createRange();
  const statuses = new Set<number>();
  for (let n = 0; n < 3 * blockSends.count; n++) statuses.add((await send(`${block}9999`)).statusCode);
  expect([...statuses]).toEqual([202, 429]);
  expect(new Set(await answers(blockSends.count - 1))).toEqual(new Set(['sent']));
});

test('spread over two instances it gets less than twice as much, until they have heard of each other', async () => {
  const { answers, addInstance, send } = await createRange();
  expect(new Set(await answers(blockSends.count))).toEqual(new Set(['sent']));
  const other = addInstance();
  let admitted = 0;
  // Slower than they tell each other, however busy the machine is.
  const interval = 250;
  await eventually(
    async () => {
      const response = await send(undefined, other);
      if (response.statusCode === 202) admitted++;
      expect(problemOf(response)).toEqual([429, 'otp_prefix_limit']);
    },
    { interval },
  );
  expect(admitted).toBeLessThan(blockSends.count);
});

test.each([
  ['+819012345678', 'otp_country_refused', 'a country that was not asked for'],
  ['+19005551234', 'otp_country_refused', 'a premium number abroad'],
  ['+882123456789', 'otp_country_refused', 'a number of no country'],
  ['+886203123456', 'otp_number_refused', 'a premium number at home'],
  ['+886223456789', 'otp_number_refused', 'a fixed line'],
])('%s: %s (%s)', async (to, code) => {
  const { app } = await createService();
  expect(problemOf(await post(app, '/api/otp/send', { channel: 'sms', to }))).toEqual([422, code]);
});

test.each(['bot@mailinator.com', 'bot@x.yopmail.com'])('%s gets no code', async (to) => {
  const { app } = await createService();
  expect(problemOf(await post(app, '/api/otp/send', { channel: 'email', to }))).toEqual([
    422,
    'otp_email_domain_refused',
  ]);
});

test('the budget of a month is spent once, even when Redis forgets what was spent', async () => {
  const monthlyMessages = { none: 5, free: 5, basic: 5, premium: 5, enterprise: 5 };
  const { answers, clock, dependencies, log, send } = await createRange({
    platformPolicy: { monthlyMessages },
  });
  clock.advance((Date.UTC(2100, 0, 1) - clock.now().getTime()) / 1000);
  const spent = 'otp_budget_exhausted';
  expect(await answers(7)).toEqual([...Array.from({ length: 5 }, () => 'sent'), spent, spent]);
  expect((await send()).headers['retry-after']).toBe(String(31 * 86_400));
  const alarms = log.map((line) => (JSON.parse(line) as { alarm?: string }).alarm).filter(Boolean);
  expect(alarms).toEqual(['budget_nearly_exhausted', 'budget_exhausted']);

  await dependencies.redis.flushall();
  expect(await answers(1)).toEqual([spent]);
  clock.advance(31 * 86_400);
  expect(await answers(1)).toEqual(['sent']);
});

test('a stranger who spends the budget of a gym does not shut it: e-mail stays open', async () => {
  const monthlyMessages = { none: 1, free: 1, basic: 1, premium: 1, enterprise: 1 };
  const { apps, answers } = await createRange({ platformPolicy: { monthlyMessages } });
  expect(await answers(2)).toEqual(['sent', 'otp_budget_exhausted']);
  const [, app] = apps;
  if (!app) throw new Error('No instance.');
  const body = { channel: 'email', to: 'ann@example.com' };
  expect((await post(app, '/api/otp/send', body, { 'x-forwarded-for': '198.51.100.1' })).statusCode).toBe(
    202,
  );
});
