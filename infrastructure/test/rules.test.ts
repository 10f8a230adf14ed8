import { beforeAll, describe, expect, it } from 'vitest';
import { stageCost } from '../lib/prices/stage-cost.ts';
import { prices } from '../lib/prices/tokyo.ts';
import { rules, type Templates } from '../lib/rules/index.ts';
import { oneOf } from '../lib/rules/templates.ts';
import { templatesOf } from './templates.ts';

const stages = { dev: {} as Templates, prod: {} as Templates };
beforeAll(async () => {
  stages.dev = await templatesOf('dev');
  stages.prod = await templatesOf('prod');
});

describe.each(['dev', 'prod'] as const)('the templates of %s', (name) => {
  it.each(rules)('$name', (rule) => {
    expect(rule.findings(stages[name])).toEqual([]);
  });
});

describe('a fault that is put back in is found', () => {
  it.each(rules)('$name', (rule) => {
    const broken = structuredClone(stages.prod);
    rule.reintroduce(broken);
    expect(rule.findings(broken)).not.toEqual([]);
  });
});

describe('what a stage costs', () => {
  const monthlyUsd = (templates: Templates) =>
    stageCost(templates).reduce((sum, line) => sum + line.monthlyUsd, 0);

  it('is at most USD 120 a month for a place to try things in', () => {
    expect(monthlyUsd(stages.dev)).toBeLessThanOrEqual(120);
    expect(monthlyUsd(stages.dev)).toBeGreaterThan(60);
  });

  it('follows what is in the templates', () => {
    const before = monthlyUsd(stages.prod);
    const changed = structuredClone(stages.prod);
    const { stack, id } = oneOf(changed, 'AWS::EC2::NatGateway');
    delete changed[stack]?.Resources[id];
    expect(before - monthlyUsd(changed)).toBeCloseTo(prices.natGateway);
  });

  it('is not made up: a size without a price is refused', () => {
    const changed = structuredClone(stages.prod);
    oneOf(changed, 'AWS::RDS::DBInstance').properties.DBInstanceClass = 'db.x9z.large';
    expect(() => stageCost(changed)).toThrow('no db.x9z.large');
  });
});
