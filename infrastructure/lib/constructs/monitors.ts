import { Duration } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import type * as elb from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import type * as rds from 'aws-cdk-lib/aws-rds';
import type { DatabaseSize } from '../../config/index.ts';
import type { ServiceDefinition } from '../services/index.ts';
import { type Alarms, fiveMinutes } from './alarms.ts';
import type { ControlPlaneApi } from './control-plane-api.ts';
import type { FargateService } from './fargate-service.ts';
import { maxConnections } from './instance-memory.ts';

/** What is looked at, for each kind of thing: its graphs, and the alarms that go with them. */

const percent = 100;

function share(
  label: string,
  part: cloudwatch.IMetric,
  whole: cloudwatch.IMetric,
): cloudwatch.MathExpression {
  return new cloudwatch.MathExpression({
    label,
    // Nothing of nothing is no error.
    expression: `IF(whole > 0, ${percent} * part / whole, 0)`,
    usingMetrics: { part, whole },
    period: fiveMinutes,
  });
}

const graph = (title: string, left: cloudwatch.IMetric[], right: cloudwatch.IMetric[] = []) =>
  new cloudwatch.GraphWidget({ title, left, right, width: 8, height: 6 });

export function monitorService(
  alarms: Alarms,
  { name, alarm }: ServiceDefinition,
  { service, targetGroup, connectedSockets, loggedAlarms }: FargateService,
  loadBalancer: elb.ApplicationLoadBalancer,
): cloudwatch.IWidget[] {
  const options = { period: fiveMinutes };
  const target = (metricName: string, statistic: string, period = fiveMinutes) =>
    new cloudwatch.Metric({
      namespace: 'AWS/ApplicationELB',
      metricName,
      dimensionsMap: {
        LoadBalancer: loadBalancer.loadBalancerFullName,
        TargetGroup: targetGroup.targetGroupFullName,
      },
      statistic,
      period,
    });
  const cpu = service.metricCpuUtilization(options);
  const memory = service.metricMemoryUtilization(options);
  const requests = target('RequestCount', 'Sum');
  const errors = share('answers 5xx, %', target('HTTPCode_Target_5XX_Count', 'Sum'), requests);
  const slow = target('TargetResponseTime', 'p95');
  const unhealthy = target('UnHealthyHostCount', 'Maximum', Duration.minutes(1));
  const all = [
    alarms.add(`${name}-cpu`, {
      runbook: 'service-cpu',
      problem: `${name}: more than 80 % of its processors in use`,
      metric: cpu,
      threshold: 80,
      periods: 2,
    }),
    alarms.add(`${name}-memory`, {
      runbook: 'service-memory',
      problem: `${name}: more than 80 % of its memory in use`,
      metric: memory,
      threshold: 80,
      periods: 2,
    }),
    alarms.add(`${name}-errors`, {
      runbook: 'service-errors',
      problem: `${name}: more than 5 % of its answers are 5xx`,
      metric: errors,
      threshold: 5,
      periods: 2,
    }),
    alarms.add(`${name}-slow`, {
      runbook: 'service-slow',
      problem: `${name}: one answer in twenty takes more than a second`,
      metric: slow,
      threshold: 1,
      periods: 2,
    }),
    alarms.add(`${name}-unhealthy`, {
      runbook: 'service-unhealthy',
      problem: `${name}: tasks do not say that they are ready`,
      metric: unhealthy,
      threshold: 0,
      periods: 5,
    }),
  ];
  alarms.addComposite(`${name}-health`, {
    runbook: 'service-unhealthy',
    problem: `${name}: something is wrong`,
    of: all,
  });
  if (alarm && loggedAlarms)
    alarms.add(`${name}-alarm`, { ...alarm, metric: loggedAlarms, threshold: 0, periods: 1 });
  return [
    graph(`${name}: answers`, [requests], [errors]),
    graph(`${name}: response time, s`, [slow, target('TargetResponseTime', 'Average')]),
    graph(`${name}: processor and memory, %`, [cpu, memory], connectedSockets && [connectedSockets]),
  ];
}

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

export function monitorDatabase(
  alarms: Alarms,
  name: string,
  instance: rds.DatabaseInstance,
  size: DatabaseSize,
): cloudwatch.IWidget[] {
  const options = { period: fiveMinutes };
  const connections = instance.metricDatabaseConnections({ ...options, statistic: 'Maximum' });
  const cpu = instance.metricCPUUtilization(options);
  const free = instance.metricFreeStorageSpace({ ...options, statistic: 'Minimum' });
  const most = maxConnections(size.instanceType);
  alarms.add(`${name}-connections`, {
    runbook: 'database-connections',
    problem: `${name}: more than 80 % of ${most} connections in use`,
    metric: connections,
    threshold: Math.floor(most * 0.8),
    periods: 3,
  });
  alarms.add(`${name}-cpu`, {
    runbook: 'database-cpu',
    problem: `${name}: more than 80 % of its processor in use`,
    metric: cpu,
    threshold: 80,
    periods: 3,
  });
  alarms.add(`${name}-storage`, {
    runbook: 'database-storage',
    problem: `${name}: less than a tenth of its storage is free`,
    metric: free,
    threshold: (size.storageGibibytes * 2 ** 30) / 10,
    below: true,
    periods: 1,
  });
  return [
    graph(`${name}: connections`, [connections]),
    graph(`${name}: processor, %`, [cpu]),
    graph(`${name}: free storage, bytes`, [free]),
  ];
}

/** Metrics of ElastiCache go by node: one of a replication group as a whole has no data. */
export function monitorCache(alarms: Alarms, nodeIds: string[]): cloudwatch.IWidget[] {
  const metric = (metricName: string, CacheClusterId: string) =>
    new cloudwatch.Metric({
      namespace: 'AWS/ElastiCache',
      metricName,
      dimensionsMap: { CacheClusterId },
      statistic: 'Maximum',
      period: fiveMinutes,
    });
  const metrics = (name: string) => nodeIds.map((node) => metric(name, node));
  nodeIds.forEach((node, index) => {
    const title = `Valkey node ${index + 1}`;
    alarms.add(`cache-cpu-${index + 1}`, {
      runbook: 'cache-cpu',
      problem: `${title}: its one thread is busy for more than 80 %`,
      metric: metric('EngineCPUUtilization', node),
      threshold: 80,
      periods: 2,
    });
    alarms.add(`cache-memory-${index + 1}`, {
      runbook: 'cache-memory',
      problem: `${title}: more than 85 % of its memory in use; when it is full, writes are refused`,
      metric: metric('DatabaseMemoryUsagePercentage', node),
      threshold: 85,
      periods: 2,
    });
  });
  return [
    graph('Valkey: processor, %', metrics('EngineCPUUtilization')),
    graph('Valkey: memory, %', metrics('DatabaseMemoryUsagePercentage')),
    graph('Valkey: connections', metrics('CurrConnections')),
  ];
}
