import { beforeAll, describe, expect, it } from 'vitest';
import type { Stage } from '../config/index.ts';
import { brokenRules, rules, type Templates } from '../lib/rules/index.ts';
import { templatesOf } from './templates.ts';

const byName = rules.map((rule) => [rule.name, rule] as const);
const stages = { dev: {} as Templates, prod: {} as Templates };
beforeAll(async () => {
  stages.dev = await templatesOf('dev');
  stages.prod = await templatesOf('prod');
});

describe.each(['dev', 'prod'] as const)('the templates of %s', (name) => {
  it.each(byName)('%s', (_, rule) => {
    expect(rule.findings(stages[name])).toEqual([]);
  });
});

it('every name fits when the stage has the longest that there may be', async () => {
  const longest = 'a'.repeat(27) as Stage['name'];
  expect(brokenRules(await templatesOf('dev', { name: longest }, longest))).toEqual([]);
});

it('every rule has a name of its own', () => {
  expect(new Set(rules.map(({ name }) => name)).size).toBe(rules.length);
});

describe('a fault that is put back in is found', () => {
  it.each(byName)('%s', (_, rule) => {
    const broken = structuredClone(stages.prod);
    rule.reintroduce(broken);
    expect(rule.findings(broken)).not.toEqual([]);
  });
});
