import { beforeAll, describe, expect, it } from 'vitest';
import { stageOf } from '../../config/index.ts';
import { metricsOf, ownerOf } from '../../lib/rules/alarms.ts';
import { resourcesOf, type Templates } from '../../lib/rules/templates.ts';
import { templatesOf } from '../templates.ts';
import { rangeOf, type State, stateOf } from './alarm-state.ts';
import { matches } from './event-pattern.ts';
import { eventLives } from './events.ts';
import { lives, type Values } from './lives.ts';
import type { Point } from './metric-math.ts';
import { outages } from './outages.ts';
import { type Group, groupsOf, type MetricAlarm, metricAlarmsOf, type Series } from './read-alarms.ts';

const stages = { dev: {} as Templates, prod: {} as Templates };
beforeAll(async () => {
  stages.dev = await templatesOf('dev');
  stages.prod = await templatesOf('prod');
});

describe.each(['dev', 'prod'] as const)('the alarms of %s', (name) => {
  const stage = stageOf(name);
  let alarms: MetricAlarm[];
  let groups: Group[];
  beforeAll(() => {
    alarms = metricAlarmsOf(stages[name]);
    groups = groupsOf(stages[name]);
  });

  it('have a life each, and no life is without an alarm', () => {
    const subjects = new Set(alarms.map(({ subject }) => subject));
    expect([...subjects].filter((subject) => !(subject in lives))).toEqual([]);
    const both = [stages.dev, stages.prod].flatMap((templates) => metricAlarmsOf(templates));
    const used = both.map(({ subject }) => subject);
    expect(Object.keys(lives).filter((subject) => !used.includes(subject))).toEqual([]);
  });

  it.each(Object.keys(lives))('ring and keep silent as they should: %s', (subject) => {
    const life = lives[subject];
    for (const alarm of alarms.filter((each) => each.subject === subject)) {
      const states = (values: Values) => statesOf(alarm, seriesOf(alarm, values));
      for (const [what, values] of Object.entries(life?.rings ?? {}))
        expect(states(values).at(-1), `${alarm.name}: ${what}`).toBe('ALARM');
      for (const [what, values] of Object.entries(life?.silent ?? {}))
        expect(states(values), `${alarm.name}: ${what}`).not.toContain('ALARM');
      const nothing = Array<Point>(rangeOf(alarm.condition)).fill(undefined);
      expect(
        states(Object.fromEntries(alarm.metricNames.map((each) => [each, nothing]))).at(-1),
        alarm.name,
      ).toBe(life?.noData);
    }
  });

  it.each(Object.keys(outages))('send exactly the mails they should: %s', (what) => {
    const { says = {}, mails = [] } = outages[what] ?? {};
    const inAlarm = new Set(
      alarms
        .filter((alarm) => {
          const values =
            says[`${alarm.name}: ${alarm.subject}`] ??
            says[alarm.subject] ??
            lives[alarm.subject]?.silent['a quiet night'];
          return values && statesOf(alarm, seriesOf(alarm, values)).at(-1) === 'ALARM';
        })
        .map((alarm) => alarm.name),
    );
    const ringing = [
      ...alarms.filter((alarm) => alarm.rings && inAlarm.has(alarm.name)).map((alarm) => alarm.name),
      ...groups
        .filter(
          ({ causes, quietWhile }) => causes.some((cause) => inAlarm.has(cause)) && !inAlarm.has(quietWhile),
        )
        .map((group) => group.name),
    ];
    const there = [...alarms, ...groups].map((each) => each.name);
    const expected = mails.map((mail) => mail.replaceAll('-', '')).filter((mail) => there.includes(mail));
    expect(ringing.sort()).toEqual(expected.sort());
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

  function seriesOf(alarm: MetricAlarm, values: Values): Series {
    const size = alarm.name.startsWith('master') ? stage.masterDatabase : stage.sharedDatabase;
    const found = typeof values === 'function' ? values({ stage, size }) : values;
    return Array.isArray(found) ? { [alarm.metricNames[0] ?? '']: found } : found;
  }
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

/** After each period, beginning with one in which all was as in the first. */
function statesOf(alarm: MetricAlarm, series: Series): State[] {
  const points = alarm.pointsOf(series);
  const before = Array<Point>(rangeOf(alarm.condition)).fill(points[0]);
  return points.map((_, period) => stateOf(alarm.condition, [...before, ...points.slice(0, period + 1)]));
}
