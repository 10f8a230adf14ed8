import type { Stage } from '../../config/index.ts';
import { allowedConnections } from '../../lib/constructs/connection-budget.ts';
import { maxConnections } from '../../lib/constructs/instance-memory.ts';
import type { Templates } from '../../lib/rules/templates.ts';
import { rangeOf, type State, stateOf } from './alarm-state.ts';
import { lives, type Values } from './lives.ts';
import type { Point } from './metric-math.ts';
import type { Outage } from './outages.ts';
import { groupsOf, type MetricAlarm, metricAlarmsOf, type Series } from './read-alarms.ts';

/** Where alarms do not do what their lives say: one line each. */
export function brokenLives(templates: Templates, stage: Stage): string[] {
  return metricAlarmsOf(templates).flatMap((alarm) => {
    const life = lives[alarm.subject];
    if (!life) return [`${alarm.name} has no life: ${alarm.subject}`];
    const states = (values: Values) => statesOf(alarm, seriesOf(alarm, values, stage));
    const nothing = Array<Point>(rangeOf(alarm.condition)).fill(undefined);
    const withoutData = states(Object.fromEntries(alarm.metricNames.map((name) => [name, nothing]))).at(-1);
    return [
      ...Object.entries(life.rings)
        .filter(([, values]) => states(values).at(-1) !== 'ALARM')
        .map(([what]) => `${alarm.name} is silent: ${what}`),
      ...Object.entries(life.silent)
        .filter(([, values]) => states(values).includes('ALARM'))
        .map(([what]) => `${alarm.name} rings: ${what}`),
      ...(withoutData === life.noData ? [] : [`${alarm.name} is ${withoutData} without data`]),
    ];
  });
}

/** The alarms that send a mail in an outage, in the order of their names. */
export function mailsIn({ says }: Outage, templates: Templates, stage: Stage): string[] {
  const alarms = metricAlarmsOf(templates);
  const inAlarm = new Set(
    alarms
      .filter((alarm) => {
        const values =
          says[`${alarm.name}: ${alarm.subject}`] ??
          says[alarm.subject] ??
          lives[alarm.subject]?.silent['a quiet night'];
        return values && statesOf(alarm, seriesOf(alarm, values, stage)).at(-1) === 'ALARM';
      })
      .map(({ name }) => name),
  );
  const groups = groupsOf(templates).filter(
    ({ causes, quietWhile }) => causes.some((cause) => inAlarm.has(cause)) && !inAlarm.has(quietWhile),
  );
  const ringing = alarms.filter(({ name, rings }) => rings && inAlarm.has(name));
  return [...ringing, ...groups].map(({ name }) => name).sort();
}

function seriesOf({ name, metricNames: [metric = ''] }: MetricAlarm, values: Values, stage: Stage): Series {
  const context = name.startsWith('master')
    ? { size: stage.masterDatabase, mostConnections: allowedConnections(stage) }
    : { size: stage.sharedDatabase, mostConnections: maxConnections(stage.sharedDatabase.instanceType) };
  const found = typeof values === 'function' ? values(context) : values;
  return Array.isArray(found) ? { [metric]: found } : found;
}

/** After each period, beginning with one in which all was as in the first. */
function statesOf(alarm: MetricAlarm, series: Series): State[] {
  const points = alarm.pointsOf(series);
  const before = Array<Point>(rangeOf(alarm.condition)).fill(points[0]);
  return points.map((_, period) => stateOf(alarm.condition, [...before, ...points.slice(0, period + 1)]));
}
