import { beforeAll, describe, expect, it } from 'vitest';
import { stageOf } from '../config/index.ts';
import { stageCost, sumOf, typesWithoutPrice } from '../lib/prices/stage-cost.ts';
import { prices, rates } from '../lib/prices/tokyo.ts';
import type { Templates } from '../lib/rules/index.ts';
import { oneOf, resourcesOf } from '../lib/rules/templates.ts';
import { templatesOf } from './templates.ts';

const stages = { dev: {} as Templates, prod: {} as Templates };
beforeAll(async () => {
  stages.dev = await templatesOf('dev');
  stages.prod = await templatesOf('prod');
});

const workload = stageOf('dev').workload;
const monthlyUsd = (templates: Templates) => sumOf(stageCost(templates, workload));

describe('what a stage costs', () => {
  it('is at most USD 120 a month for a place to try things in, all of it, and nothing taken off', () => {
    expect(monthlyUsd(stages.dev)).toBeLessThanOrEqual(120);
    expect(monthlyUsd(stages.dev)).toBeGreaterThan(60);
  });

  it.each(['dev', 'prod'] as const)('knows of each resource of %s whether it costs', (stage) => {
    expect(typesWithoutPrice(stages[stage])).toEqual([]);
  });

  it('says so when a resource has neither a price nor a reason to be free', () => {
    const changed = structuredClone(stages.dev);
    changed.network = {
      Resources: {
        ...changed.network?.Resources,
        Gateway: { Type: 'AWS::EC2::TransitGateway', Properties: {} },
      },
    };
    expect(typesWithoutPrice(changed)).toEqual(['AWS::EC2::TransitGateway']);
  });

  it('follows what is in the templates', () => {
    const changed = structuredClone(stages.prod);
    const { stack, id } = oneOf(changed, 'AWS::EC2::NatGateway');
    delete changed[stack]?.Resources[id];
    expect(monthlyUsd(stages.prod) - monthlyUsd(changed)).toBeCloseTo(prices.natGateway);
  });

  it('is not made up: a size without a price is refused', () => {
    const changed = structuredClone(stages.prod);
    oneOf(changed, 'AWS::RDS::DBInstance').properties.DBInstanceClass = 'db.x9z.large';
    expect(() => monthlyUsd(changed)).toThrow('no db.x9z.large');
  });

  it('has what metrics of each task cost, where they are on', () => {
    const changed = structuredClone(stages.dev);
    oneOf(changed, 'AWS::ECS::Cluster').properties.ClusterSettings = [
      { Name: 'containerInsights', Value: 'enabled' },
    ];
    expect(monthlyUsd(changed) - monthlyUsd(stages.dev)).toBeCloseTo(49 * rates.customMetric);
  });

  it('has what metrics of each method cost, where they are on', () => {
    const changed = structuredClone(stages.dev);
    for (const setting of oneOf(changed, 'AWS::ApiGateway::Stage').properties.MethodSettings)
      setting.MetricsEnabled = true;
    const methods = resourcesOf(changed, 'AWS::ApiGateway::Method').length;
    expect(monthlyUsd(changed) - monthlyUsd(stages.dev)).toBeCloseTo(5 * methods * rates.customMetric);
  });

  it('takes what AWS gives to each account off once, however many lines have a share in it', () => {
    const lines = stageCost(stages.prod, stageOf('prod').workload).filter(
      ({ section }) => section === 'logs',
    );
    const free = lines.reduce((sum, { alwaysFreeUsd }) => sum + alwaysFreeUsd, 0);
    expect(sumOf(lines)).toBeGreaterThan(free);
    expect(free).toBeCloseTo(5 * rates.logsIngestedGibibyte);
  });

  it('grows with the requests', () => {
    const busier = { ...workload, requestsADay: 10 * workload.requestsADay };
    expect(sumOf(stageCost(stages.dev, busier))).toBeGreaterThan(monthlyUsd(stages.dev) + 1);
  });
});
