import { expect, it } from 'vitest';
import { plans } from './plan.ts';
import { monthlyPrice, prices } from './price.ts';

const all = ['free', 'basic', 'premium', 'enterprise'] as const;

it('has a price for each plan, dearer with each', () => {
  const totals = all.map((plan) => monthlyPrice(plan).total);
  expect(totals).toEqual(totals.toSorted((a, b) => a - b));
  for (const total of totals) expect(total).toBeGreaterThan(0);
});

it('is server, storage and secrets, by the hour and the gibibyte', () => {
  expect(monthlyPrice('basic')).toMatchObject({
    compute: 36.5,
    storage: 2.76,
    secrets: 0.8,
    total: 40.06,
    includedBackupGibibytes: 20,
    asOf: prices.asOf,
  });
});

it('counts a standby as a second server with its storage', () => {
  const { compute, storage } = monthlyPrice('enterprise');
  expect(compute).toBeCloseTo(2 * 730 * prices.instanceHour['db.r8g.large'].usd, 2);
  expect(storage).toBeCloseTo(2 * plans.enterprise.allocatedStorageGibibytes * 0.138, 2);
});

it('costs a shared tenant its part of the server', () => {
  expect(monthlyPrice('free').total).toBeLessThan(1);
  expect(monthlyPrice('free', 'dedicated').total).toBeGreaterThan(20);
});
