import type * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import { type Alarms, fiveMinutes } from '../alarms.ts';
import type { ControlPlaneApi } from '../control-plane-api.ts';
import { graph, share } from './graphs.ts';

/** The control plane's answers; errors and throttles of its function and its authorizer are 5xx here. */
export function monitorApi(alarms: Alarms, api: ControlPlaneApi): cloudwatch.IWidget[] {
  const stage = api.deploymentStage;
  const options = { period: fiveMinutes };
  const requests = stage.metricCount({ ...options, statistic: 'Sum' });
  const errors = share('answers 5xx, %', stage.metricServerError({ ...options, statistic: 'Sum' }), requests);
  const slow = stage.metricLatency({ ...options, statistic: 'p95' });
  alarms.add('api-errors', {
    runbook: 'api-errors',
    problem: 'Control plane: more than 5 % of its answers are 5xx',
    metric: errors,
    threshold: 5,
    periods: 2,
  });
  alarms.add('api-slow', {
    runbook: 'api-slow',
    problem: 'Control plane: one answer in twenty takes more than 3 s',
    metric: slow,
    threshold: 3_000,
    periods: 3,
  });
  return [
    graph('Control plane: answers', [requests], [errors]),
    graph('Control plane: response time, ms', [slow]),
  ];
}
