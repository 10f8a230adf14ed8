import { TestClock } from '@kyong/testing';
import { expect, test } from 'vitest';
import { defaultPlatformPolicy, resolvePolicy } from '../tenant-policy.ts';
import { AlarmBell } from './alarm-bell.ts';
import { Budget } from './budget.ts';
import { SharedCounts } from './shared-counts.ts';

const policyOf = (tenantId: string) =>
  resolvePolicy(defaultPlatformPolicy, { tenantId, plan: 'free', settings: { monthlyMessages: 10 } });

function createBudget() {
  const clock = new TestClock();
  const alarms: string[] = [];
  const counts = new SharedCounts({ store: { add: async () => [] }, now: clock.now });
  const budget = new Budget(counts, new AlarmBell(({ kind }) => alarms.push(kind)));
  return { clock, alarms, budget };
}

test('a budget lasts until it is spent, and each alarm goes off once', () => {
  const { clock, alarms, budget } = createBudget();
  const policy = policyOf('iron-temple');
  for (let n = 0; n < 8; n++) {
    expect(budget.waitSeconds(policy, clock.now())).toBe(0);
    budget.add(policy, clock.now(), 1);
  }
  expect(budget.waitSeconds(policy, clock.now())).toBe(31 * 86_400);
  expect(budget.waitSeconds(policy, clock.now())).toBe(31 * 86_400);
  expect(alarms).toEqual(['budget_nearly_exhausted', 'budget_exhausted']);
  // A quarter is left for whoever is known.
  expect(budget.isExhausted(policy, clock.now())).toBe(false);
  budget.add(policy, clock.now(), 2);
  expect(budget.isExhausted(policy, clock.now())).toBe(true);
  expect(budget.waitSeconds(policyOf('other-gym'), clock.now())).toBe(0);
});

test('what was lost with the store is found again in the logs of the tenants', async () => {
  const { clock, budget } = createBudget();
  clock.advance(5 * 86_400);
  for (const tenantId of ['iron-temple', 'other-gym', 'away']) budget.add(policyOf(tenantId), clock.now(), 3);
  const asked: [string, string][] = [];
  const countSince = async (tenantId: string, from: Date) => {
    asked.push([tenantId, from.toISOString()]);
    return { 'iron-temple': 10, 'other-gym': 2 }[tenantId];
  };
  await budget.reconcile({ countSince }, clock.now());
  expect(asked.map(([tenantId]) => tenantId)).toEqual(['iron-temple', 'other-gym', 'away']);
  expect(asked[0]?.[1]).toBe('2026-01-01T00:00:00.000Z');
  const spent = (tenantId: string) => budget.waitSeconds(policyOf(tenantId), clock.now()) > 0;
  expect(['iron-temple', 'other-gym', 'away'].map(spent)).toEqual([true, false, false]);
});
