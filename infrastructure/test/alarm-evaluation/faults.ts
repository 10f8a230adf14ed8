import { metricsOf } from '../../lib/rules/alarms.ts';
import { oneOf, type Properties, type Templates } from '../../lib/rules/templates.ts';

const alarmOn = (templates: Templates, metricName: string): Properties =>
  oneOf(templates, 'AWS::CloudWatch::Alarm', (found) =>
    metricsOf(found).some(({ MetricName }) => MetricName === metricName),
  ).properties;

/** Faults that alarms had, or nearly had: each put back in has to break a life. */
export const faults: Record<string, (templates: Templates) => void> = {
  'an outage is silent, for it has no data': (templates) => {
    alarmOn(templates, 'HealthyHostCount').TreatMissingData = 'notBreaching';
  },
  'a sweep that throws counts as one that ran': (templates) => {
    Object.assign(alarmOn(templates, 'ActiveTenants'), {
      Namespace: 'AWS/Lambda',
      MetricName: 'Invocations',
    });
  },
  'a sweep that ends is silent': (templates) => {
    alarmOn(templates, 'ActiveTenants').TreatMissingData = 'notBreaching';
  },
  'an outage at night is below the threshold': (templates) => {
    alarmOn(templates, 'HTTPCode_ELB_5XX_Count').Threshold = 50;
  },
  "each of autoscaling's own steps rings": (templates) => {
    alarmOn(templates, 'FreeStorageSpace').Threshold *= 2;
  },
  'connections ring above what is refused': (templates) => {
    alarmOn(templates, 'DatabaseConnections').Threshold = 5_000;
  },
  'two errors a quarter of an hour apart are two in a row': (templates) => {
    const math = alarmOn(templates, 'HTTPCode_Target_5XX_Count').Metrics.find(
      ({ Expression }: Properties) => Expression,
    );
    math.Expression = math.Expression.replace('FILL(part, 0)', 'part');
  },
  'a deployment rings': (templates) => {
    alarmOn(templates, 'UnHealthyHostCount').EvaluationPeriods = 1;
  },
  'one error that is made good rings': (templates) => {
    alarmOn(templates, 'Errors').EvaluationPeriods = 1;
  },
  'a node that is away is silent': (templates) => {
    alarmOn(templates, 'EngineCPUUtilization').TreatMissingData = 'notBreaching';
  },
  'the check from outside was deleted, and nothing rings': (templates) => {
    alarmOn(templates, 'HealthCheckStatus').TreatMissingData = 'notBreaching';
  },
};
