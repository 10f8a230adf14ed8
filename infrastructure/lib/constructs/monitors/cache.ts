import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import { type Alarms, fiveMinutes } from '../alarms.ts';
import { graph } from './graphs.ts';

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
      problem: `${title}: its one thread is busy for more than 80 %, or it is away`,
      metric: metric('EngineCPUUtilization', node),
      threshold: 80,
      periods: 2,
      // A node that is there reports every minute.
      noDataIsAFault: true,
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
