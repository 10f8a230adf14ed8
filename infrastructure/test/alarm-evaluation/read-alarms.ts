import { type Properties, resourcesOf, type Templates } from '../../lib/rules/templates.ts';
import type { Condition } from './alarm-state.ts';
import { evaluateMath, type Point } from './metric-math.ts';

/** Values of each metric an alarm looks at, by the metric's name, oldest first. */
export type Series = Record<string, Point[]>;

export interface MetricAlarm {
  /** As in the code, without what CloudFormation does not allow in names: `masterdatabasecpu`. */
  name: string;
  /** What it looks at: `AWS/ECS CPUUtilization`; of several metrics, `namespace one / other`. */
  subject: string;
  metricNames: string[];
  description: string;
  periodSeconds: number;
  condition: Condition;
  /** Says something to people by itself. */
  rings: boolean;
  /** What it compares with its threshold, period by period. */
  pointsOf(series: Series): Point[];
}

export interface Group {
  name: string;
  causes: string[];
  quietWhile: string;
  waitSeconds: number;
}

/** `Alarms` is the construct's name; the eight last characters are CDK's hash. */
const nameOf = (id: string) => id.replace(/^Alarms/, '').slice(0, -8);

export function metricAlarmsOf(templates: Templates): MetricAlarm[] {
  return resourcesOf(templates, 'AWS::CloudWatch::Alarm').map(({ id, properties }) => {
    const queries: Properties[] = properties.Metrics ?? [
      { Id: 'only', MetricStat: { Metric: properties, Period: properties.Period } },
    ];
    const measured = queries.filter(({ MetricStat }) => MetricStat);
    const computed = queries.find(({ Expression }) => Expression);
    const [first] = measured;
    const metricNames = measured.map(({ MetricStat }) => String(MetricStat.Metric.MetricName));
    const namespace = String(first?.MetricStat.Metric.Namespace).replace(/^Kyo\/.*/, 'Kyo');
    const noData = properties.TreatMissingData;
    if (noData !== 'breaching' && noData !== 'notBreaching')
      throw new RangeError(`${id} says nothing of missing data.`);
    return {
      name: nameOf(id),
      subject: `${namespace} ${metricNames.join(' / ')}`,
      metricNames,
      description: properties.AlarmDescription,
      periodSeconds: first?.MetricStat.Period,
      condition: {
        comparison: properties.ComparisonOperator,
        threshold: properties.Threshold,
        evaluationPeriods: properties.EvaluationPeriods,
        datapointsToAlarm: properties.DatapointsToAlarm ?? properties.EvaluationPeriods,
        noData,
      },
      rings: properties.AlarmActions !== undefined,
      pointsOf: (series) =>
        (series[metricNames[0] ?? ''] ?? []).map((_, period) => {
          const values = Object.fromEntries(
            measured.map(({ Id, MetricStat }) => [Id, series[MetricStat.Metric.MetricName]?.[period]]),
          );
          return computed ? evaluateMath(computed.Expression, values) : values.only;
        }),
    };
  });
}

/** Composite alarms. @throws {SyntaxError} when a rule is more than "any of these". */
export function groupsOf(templates: Templates): Group[] {
  return resourcesOf(templates, 'AWS::CloudWatch::CompositeAlarm').map(({ id, properties }) => {
    const [, parts] = properties.AlarmRule['Fn::Join'] as [string, (string | Properties)[]];
    const rule = parts.map((part) => (typeof part === 'string' ? part : part['Fn::GetAtt'][0])).join('');
    const causes = /^\((.*)\)$/.exec(rule)?.[1]?.split(' OR ') ?? [];
    return {
      name: nameOf(id),
      causes: causes.map((cause) => {
        const [, alarm] = /^ALARM\("(\w+)"\)$/.exec(cause) ?? [];
        if (alarm === undefined) throw new SyntaxError(`${id}: ${rule}`);
        return nameOf(alarm);
      }),
      quietWhile: nameOf(properties.ActionsSuppressor['Fn::GetAtt'][0]),
      waitSeconds: properties.ActionsSuppressorWaitPeriod,
    };
  });
}
