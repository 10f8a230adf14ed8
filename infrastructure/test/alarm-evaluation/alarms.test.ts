import { beforeAll, describe, expect, it } from 'vitest';
import { stageOf } from '../../config/index.ts';
import { metricsOf, ownerOf } from '../../lib/rules/alarms.ts';
import { resourcesOf, type Templates } from '../../lib/rules/templates.ts';
import { templatesOf } from '../templates.ts';
import { rangeOf } from './alarm-state.ts';
import { matches } from './event-pattern.ts';
import { eventLives } from './events.ts';
import { faults } from './faults.ts';
import { brokenLives, mailsIn } from './judge.ts';
import { lives } from './lives.ts';
import { outages } from './outages.ts';
import { type Group, groupsOf, type MetricAlarm, metricAlarmsOf } from './read-alarms.ts';

const stages = { dev: {} as Templates, prod: {} as Templates };
beforeAll(async () => {
  stages.dev = await templatesOf('dev');
  stages.prod = await templatesOf('prod');
});

it('every life is that of an alarm', () => {
  const alarms = Object.values(stages).flatMap((templates) => metricAlarmsOf(templates));
  const used = alarms.map(({ subject }) => subject);
  expect(Object.keys(lives).filter((subject) => !used.includes(subject))).toEqual([]);
});

describe.each(['dev', 'prod'] as const)('the alarms of %s', (name) => {
  const stage = stageOf(name);
  let alarms: MetricAlarm[];
  let groups: Group[];
  beforeAll(() => {
    alarms = metricAlarmsOf(stages[name]);
    groups = groupsOf(stages[name]);
  });

  it('ring and keep silent as their lives say', () => {
    expect(brokenLives(stages[name], stage)).toEqual([]);
  });

  it.each(Object.keys(outages))('send exactly the mails they should: %s', (what) => {
    const outage = outages[what] ?? { says: {}, mails: [] };
    const there = [...alarms, ...groups].map((each) => each.name);
    const expected = outage.mails
      .map((mail) => mail.replaceAll('-', ''))
      .filter((mail) => there.includes(mail));
    expect(mailsIn(outage, stages[name], stage)).toEqual(expected.sort());
  });

  it('of a group ring through it, whichever of them it is, and not beside a graver one', () => {
    expect(groups.map((group) => group.name)).toEqual([
      'kyootpservicedegraded',
      'collaborationservicedegraded',
    ]);
    const secondsOf = (wanted: string, periods: (alarm: MetricAlarm) => number) => {
      const alarm = alarms.find((each) => each.name === wanted);
      return alarm ? periods(alarm) * alarm.periodSeconds : Number.NaN;
    };
    for (const { causes, quietWhile, waitSeconds } of groups) {
      expect(alarms.filter(({ name: cause, rings }) => causes.includes(cause) && rings)).toEqual([]);
      const soonest = Math.min(
        ...causes.map((cause) => secondsOf(cause, (alarm) => alarm.condition.datapointsToAlarm)),
      );
      const gravest = secondsOf(quietWhile, ({ condition }) => rangeOf(condition));
      expect(gravest).toBeLessThanOrEqual(soonest + waitSeconds);
    }
  });

  it('say what happened, when it is an event', () => {
    const rules = resourcesOf(stages[name], 'AWS::Events::Rule').filter(({ properties }) =>
      JSON.stringify(properties.Targets).includes('Alerts'),
    );
    // What the pattern names of other stacks is no text before it is deployed.
    const machine = 'arn of the machine';
    const patternOf = (pattern: unknown) =>
      JSON.parse(JSON.stringify(pattern), (_, value) => (value?.['Fn::GetStackOutput'] ? machine : value));
    const expected = eventLives(name, machine);
    expect(rules).toHaveLength(Object.keys(expected).length);
    for (const { id, properties } of rules) {
      const life = expected[id.replace(/^Alarms/, '').slice(0, -8)];
      const taken = (event: Parameters<typeof matches>[1]) =>
        matches(patternOf(properties.EventPattern), event);
      expect(
        life?.sent.filter((event) => !taken(event)),
        id,
      ).toEqual([]);
      expect(life?.kept.filter(taken), id).toEqual([]);
    }
  });
});

it.each(Object.keys(faults))('a fault put back in is found: %s', (what) => {
  const broken = structuredClone(stages.prod);
  faults[what]?.(broken);
  expect(brokenLives(broken, stageOf('prod'))).not.toEqual([]);
});

it('two stages of one account look at no metric together', () => {
  const shared = ({ dev, prod }: typeof stages) => {
    const owners = [dev, prod].map((templates) =>
      resourcesOf(templates, 'AWS::CloudWatch::Alarm').flatMap((alarm) => metricsOf(alarm).map(ownerOf)),
    );
    // What a stack makes itself is another thing in each stage, under the same name.
    return owners[0]?.filter((owner) => owners[1]?.includes(owner) && !owner.includes('"Fn::GetAtt"'));
  };
  expect(shared(stages)).toEqual([]);
  const unnamed = structuredClone(stages);
  for (const templates of Object.values(unnamed))
    for (const alarm of resourcesOf(templates, 'AWS::CloudWatch::Alarm'))
      for (const { Dimensions = [] } of metricsOf(alarm))
        for (const dimension of Dimensions) if (dimension.Name === 'ApiName') dimension.Value = 'Api';
  expect(shared(unnamed)).not.toEqual([]);
});
