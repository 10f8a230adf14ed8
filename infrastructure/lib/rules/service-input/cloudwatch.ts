import type { Properties } from '../templates.ts';
import type { InputRule } from './input-rule.ts';
import { listOf, parsed } from './values.ts';

const alarm = 'AWS::CloudWatch::Alarm';
const composite = 'AWS::CloudWatch::CompositeAlarm';
/** PutMetricAlarm: an alarm looks back a day, or a week when its period is an hour at least. */
const hour = 3_600;
const day = 86_400;
const week = 7 * day;
const mostMetrics = 10;

const periodOf = ({ Period, Metrics }: Properties): number =>
  Math.max(
    ...[Period, ...listOf(Metrics).map((each) => each.Period ?? each.MetricStat?.Period)].map((each) =>
      Number(each ?? 0),
    ),
  );

/** Names and ARNs of alarms in a rule. */
const alarmsIn = (rule: unknown) =>
  [...String(rule).matchAll(/(?:ALARM|OK|INSUFFICIENT_DATA)\(\s*"?([^")]+?)"?\s*\)/g)].map(
    ([, name = '']) => name,
  );

export const cloudWatchInput: InputRule[] = [
  {
    name: 'alarms look back no longer than CloudWatch does',
    type: alarm,
    refuses: (properties) => {
      const period = periodOf(properties);
      const looksBack = period * Number(properties.EvaluationPeriods);
      return (
        looksBack > (period < hour ? day : week) &&
        'Metrics cannot be checked across more than a day (EvaluationPeriods * Period must be <= 86400).'
      );
    },
    fault: { EvaluationPeriods: 2_000 },
  },
  {
    name: 'alarms wait for no more data than they look at',
    type: alarm,
    refuses: ({ DatapointsToAlarm, EvaluationPeriods }) =>
      Number(DatapointsToAlarm) > Number(EvaluationPeriods) &&
      'DatapointsToAlarm must be less than or equal to EvaluationPeriods.',
    fault: { DatapointsToAlarm: 100 },
  },
  {
    name: 'alarms look at ten metrics at most, and give back one',
    type: alarm,
    refuses: ({ Metrics }) => {
      if (Metrics === undefined) return undefined;
      const metrics = listOf(Metrics);
      if (metrics.filter(({ MetricStat }) => MetricStat).length > mostMetrics)
        return `An alarm can have at most ${mostMetrics} metrics.`;
      return (
        metrics.filter(({ ReturnData = true }) => ReturnData).length !== 1 &&
        'Exactly one element of the metrics list should return data.'
      );
    },
    fault: {
      Metrics: Array.from({ length: 11 }, (_, number) => ({
        Id: `m${number}`,
        ReturnData: number === 0,
        MetricStat: {
          Metric: { Namespace: 'AWS/ECS', MetricName: 'CPUUtilization' },
          Period: 60,
          Stat: 'Average',
        },
      })),
    },
  },
  {
    name: 'composite alarms come after the alarms they are made of',
    type: composite,
    refuses: ({ AlarmRule }, { before, find }) => {
      const earlier = [...before(alarm), ...before(composite)];
      const missing = alarmsIn(AlarmRule).find((reference) => {
        const found = find(reference)?.name;
        return !earlier.some(({ name, properties }) => name === found || properties.AlarmName === reference);
      });
      return missing && `Could not save the composite alarm as alarm ${missing} does not exist`;
    },
    fault: { AlarmRule: 'ALARM("kyo-dev-otp-cpu") OR ALARM("kyo-dev-otp-memory")' },
  },
  {
    name: 'composite alarms are made of a hundred alarms at most',
    type: composite,
    refuses: ({ AlarmRule }) => {
      if (String(AlarmRule).length > 10_240) return 'AlarmRule must be at most 10240 characters.';
      return alarmsIn(AlarmRule).length > 100 && 'AlarmRule can have at most 100 alarms.';
    },
    fault: { AlarmRule: Array.from({ length: 101 }, (_, number) => `ALARM("a${number}")`).join(' OR ') },
  },
  {
    name: 'dashboards are laid out in 24 columns, and show metrics that are named',
    type: 'AWS::CloudWatch::Dashboard',
    refuses: ({ DashboardBody }) => {
      const faults = (parsed(DashboardBody)?.widgets ?? [{}]).flatMap(
        (widget: Properties, number: number) => {
          const { x = 0, width = 6, height = 6, type, properties } = widget;
          const metrics = listOf(properties?.metrics) as unknown[];
          return [
            ...(type ? [] : [`/widgets/${number}/type: is missing`]),
            ...(x + width > 24 || height > 1_000
              ? [`/widgets/${number}/width: ${x} + ${width} is more than 24`]
              : []),
            ...(type === 'metric' && !properties?.region
              ? [`/widgets/${number}/properties: should have region`]
              : []),
            ...(properties?.metrics && metrics.length === 0
              ? [`/widgets/${number}/properties/metrics: is empty`]
              : []),
          ];
        },
      );
      return (
        faults.length > 0 &&
        `The dashboard body is invalid, there are ${faults.length} validation errors: ${JSON.stringify(faults)}`
      );
    },
    fault: {
      DashboardBody: JSON.stringify({
        widgets: [{ type: 'text', x: 20, width: 8, height: 2, properties: { markdown: '' } }],
      }),
    },
  },
];
