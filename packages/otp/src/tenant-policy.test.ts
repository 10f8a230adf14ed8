import type { OtpSettings } from '@kyong/contracts';
import { expect, test } from 'vitest';
import { TenantPolicies } from './tenant-policies.ts';
import { defaultPlatformPolicy as platform, resolvePolicy } from './tenant-policy.ts';

const resolve = (settings: OtpSettings, approved: string[] = []) =>
  resolvePolicy(platform, { tenantId: 'iron-temple', plan: 'basic', settings, approved });

test('a tenant that has set nothing has what the platform has', () => {
  const policy = resolve({});
  expect(policy.codes.login).toEqual(platform.codes);
  expect([...policy.countries]).toEqual(['TW']);
  expect(policy.budget).toEqual({ everybody: 5_000, strangers: 3_750 });
});

test('settings hold for every purpose, but for those of one purpose', () => {
  const { codes } = resolve({ lifetimeSeconds: 120, purposes: { signup: { codeLength: 8 } } });
  expect([codes.login.lifetimeSeconds, codes.signup.lifetimeSeconds]).toEqual([120, 120]);
  expect([codes.login.codeLength, codes.signup.codeLength]).toEqual([6, 8]);
});

test("a tenant's limits hold beside the platform's, and it may bear fewer wrong codes", () => {
  const { codes, countries, budget } = resolve({
    sends: [{ count: 2, windowSeconds: 600 }],
    countries: ['JP'],
    monthlyMessages: 1_000_000,
  });
  expect(codes.login.sends).toEqual([...platform.codes.sends, { count: 2, windowSeconds: 600 }]);
  expect(codes.login.attempts).toBe(platform.codes.attempts);
  const { codes: strict } = resolve({ purposes: { login: { attempts: 3 } } });
  expect([strict.login.attempts.count, strict.signup.attempts.count]).toEqual([3, 10]);
  expect(strict.login.attempts.windowSeconds).toBe(platform.codes.attempts.windowSeconds);
  expect([...countries]).toEqual(['TW']);
  expect([...resolve({ countries: ['JP', 'SO'] }, ['JP', 'HK']).countries]).toEqual(['TW', 'JP']);
  expect(budget.everybody).toBe(platform.monthlyMessages.basic);
});

test.each<[string, OtpSettings]>([
  ['codes too easy to guess', { codeLength: 4 }],
  ['an alphabet too small', { alphabet: '01' }],
  ['a doubled character', { alphabet: '01234567899' }],
  ['an unsafe code for one purpose', { purposes: { login: { codeLength: 5 } } }],
  ['a lifetime beyond ten minutes', { lifetimeSeconds: 601 }],
  ['a limit that looks back further than the platform', { sends: [{ count: 2, windowSeconds: 86_401 }] }],
  ['a limit that counts more than the platform', { sends: [{ count: 11, windowSeconds: 60 }] }],
  ['more attempts than the platform', { attempts: 11 }],
  ['a shorter wait', { resend: { waitSeconds: [10], windowSeconds: 3600 } }],
  ['a wait that stops growing', { resend: { waitSeconds: [30, 60], windowSeconds: 3600 } }],
  ['a wait that is forgotten sooner', { resend: { waitSeconds: [240], windowSeconds: 60 } }],
  ['more for the tenant than the platform gives', { tenantSends: { count: 601, windowSeconds: 60 } }],
])('refuses %s', (_, settings) => {
  expect(() => resolve(settings)).toThrow(RangeError);
});

test('a tenant nobody knows has the policy of a request without one', async () => {
  const policies = new TenantPolicies({
    platform,
    source: { readAll: async () => [{ tenantId: 'iron-temple', plan: 'free', settings: undefined }] },
    onInvalid: () => {},
  });
  expect(policies.policyOf('iron-temple')).toBe(policies.policyOf(undefined));
  await policies.refresh();
  expect(policies.policyOf('iron-temple').tenantId).toBe('iron-temple');
  expect(policies.policyOf('no-such-gym')).toBe(policies.policyOf(undefined));
});

test('settings that do not hold are told of, and the tenant has the policy of the platform', async () => {
  const invalid: string[] = [];
  const rows = [
    { tenantId: 'unsafe', plan: 'free' as const, settings: { codeLength: 4 } },
    { tenantId: 'nonsense', plan: 'free' as const, settings: { codeLength: 'x' } },
    { tenantId: 'good', plan: 'free' as const, settings: { codeLength: 8 } },
  ];
  const policies = new TenantPolicies({
    platform,
    source: { readAll: async () => rows },
    onInvalid: (tenantId) => invalid.push(tenantId),
  });
  await policies.refresh();
  expect(invalid).toEqual(['unsafe', 'nonsense']);
  expect(policies.policyOf('unsafe').codes.login).toEqual(platform.codes);
  expect(policies.policyOf('good').codes.login.codeLength).toBe(8);
});
