import { beforeAll, describe, expect, it } from 'vitest';
import { rules, type Templates } from '../lib/rules/index.ts';
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
