import { TestClock } from '@kyong/testing';
import { expect, test } from 'vitest';
import { phoneNumbers } from '../adapters/phone-numbers.ts';
import { defaultPlatformPolicy, resolvePolicy } from '../tenant-policy.ts';
import { defaultBrake } from './brake-policy.ts';
import type { Alarm } from './ports.ts';
import { SendGuard } from './send-guard.ts';
import { SharedCounts } from './shared-counts.ts';

const nobody = resolvePolicy(defaultPlatformPolicy);
const gym = resolvePolicy(defaultPlatformPolicy, {
  ...{ tenantId: 'iron-temple', plan: 'free' },
  settings: { monthlyMessages: 16 },
});

function create() {
  const clock = new TestClock();
  const alarms: Alarm[] = [];
  const guard = new SendGuard({
    policy: { homeCountry: 'TW', ...defaultBrake },
    phoneNumbers: phoneNumbers('TW'),
    counts: new SharedCounts({ store: { add: async () => [] }, now: clock.now }),
    onAlarm: (alarm) => alarms.push(alarm),
  });
  let made = 0;
  const email = (network: string, policy = nobody) =>
    ({
      channel: 'email',
      to: `${made++}@example.com`,
      policy,
      client: `a client of ${network}`,
      network,
    }) as const;
  const sms = (policy = nobody, begin = '+88691234') =>
    ({
      channel: 'sms',
      to: `${begin}${String(made++).padStart(4, '0')}`,
      policy,
      client: `${made}`,
      network: `${made}`,
    }) as const;
  type Attempt = Parameters<typeof guard.admit>[0];
  const admit = (attempt: Attempt) => guard.admit(attempt, clock.now());
  /** How many of `count` are admitted. */
  const admitted = (count: number, attempt: (n: number) => Attempt) =>
    Array.from({ length: count }, (_, n) => admit(attempt(n))).filter(({ outcome }) => outcome === 'admitted')
      .length;
  /** How many more known people get a code, although strangers get none. */
  const known = (kind: 'network' | 'account', attempt: () => Attempt) => {
    for (let count = 0; ; count++) {
      const next = attempt();
      const admission = admit(next);
      if (admission.outcome !== 'limited' || !admission.reserves[kind]) return count;
      guard.admitKnown(next, clock.now(), kind);
    }
  };
  return { clock, guard, alarms, email, sms, admit, admitted, known };
}

test('a network gets a tenth of what is left of the sends that name no tenant', () => {
  const { admitted, email } = create();
  expect(admitted(620, () => email('203.0.113.0/24'))).toBe(55);
  expect(admitted(620, () => email('198.51.100.0/24'))).toBe(50);
  // Of a botnet of a hundred networks something is left for one that comes anew.
  expect(admitted(2_000, (n) => email(`network ${n % 100}`))).toBeLessThan(500);
  expect(admitted(1, () => email('an honest one'))).toBe(1);
});

test('a client that has had none gets one while half is left, whatever its neighbours do', () => {
  const { admitted, email } = create();
  const attempt = (client: string) => ({ ...email('203.0.113.0/24'), client });
  expect(admitted(620, (n) => attempt(`${n % 31}`))).toBe(55);
  expect(admitted(2, () => attempt('an honest one'))).toBe(1);
  // A whole network of strangers comes to half, and the other half is for other networks.
  expect(admitted(620, (n) => attempt(`another ${n}`))).toBe(300 - 56);
  expect(admitted(620, () => email('198.51.100.0/24'))).toBeGreaterThan(20);
});

test('whoever names a gym is not split by network: its people may all be in it', () => {
  const { admitted, email } = create();
  expect(admitted(620, () => email('203.0.113.0/24', gym))).toBe(600);
});

test.each(['network', 'account'] as const)('of a used-up limit half as much is left for the %s', (kind) => {
  const { admitted, sms, email, known } = create();
  expect(admitted(100, () => sms())).toBe(30);
  expect(known(kind, () => sms())).toBe(15);
  expect(admitted(700, () => email('one', gym))).toBe(600);
  expect(known(kind, () => email('one', gym))).toBe(300);
});

test('strangers cannot spend the last quarter of the budget of a gym, and nobody spends more than all of it', () => {
  const { admitted, sms, known, alarms } = create();
  let block = 0;
  const next = () => sms(gym, `+88691${String(block++).padStart(3, '0')}`);
  expect(admitted(100, next)).toBe(12);
  expect(alarms.map(({ kind }) => kind)).toEqual(['budget_nearly_exhausted', 'budget_exhausted']);
  expect(known('network', next)).toBe(4);
});

test('a budget is money: what is dear abroad takes more of it', () => {
  const { admitted, sms } = create();
  expect(admitted(10, () => sms(gym, '+8190123'))).toBe(2);
});

test('a captcha is asked for when half of what a tenant may send is used', () => {
  const { admitted, email, guard, clock } = create();
  expect(admitted(299, () => email('one', gym))).toBe(299);
  expect(guard.isNear({ policy: gym }, clock.now())).toBe(false);
  admitted(1, () => email('one', gym));
  expect(guard.isNear({ policy: gym }, clock.now())).toBe(true);
  expect(guard.isNear({ policy: nobody }, clock.now())).toBe(false);
});

test('many wrong codes from everywhere leave each recipient three, until it is over, and ring once', () => {
  const { guard, clock, alarms } = create();
  const { count, windowSeconds, attempts } = defaultBrake.guessing;
  const address = { channel: 'email', to: 'ann@example.com' } as const;
  const use = (wrong: number, right: number) => {
    for (let n = 0; n < wrong; n++) guard.mistaken(clock.now());
    for (let n = 0; n < right; n++) guard.verified(address, clock.now());
    return guard.mostMistakes(clock.now());
  };
  expect(use(count - 1, 0)).toBeUndefined();
  expect(use(1, 0)).toBe(attempts);
  expect(use(1, count + 10)).toBeUndefined();
  expect(use(20, 0)).toBe(attempts);
  clock.advance(2 * windowSeconds);
  expect(use(0, 0)).toBeUndefined();
  expect(use(2_000, 10_000)).toBe(attempts);
  expect(alarms.map(({ kind }) => kind)).toEqual([
    ...['guessing', 'guessing_over', 'guessing', 'guessing_over', 'guessing'],
  ]);
});
