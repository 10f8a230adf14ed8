import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import type * as elb from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import type { ServiceDefinition } from '../../services/index.ts';
import { type AlarmProps, type Alarms, fiveMinutes, oneMinute } from '../alarms.ts';
import type { FargateService } from '../fargate-service.ts';
import { graph, share } from './graphs.ts';

/** A service: away, or not as it should be. */
export function monitorService(
  alarms: Alarms,
  { name, alarm }: ServiceDefinition,
  fargate: FargateService,
  loadBalancer: elb.ApplicationLoadBalancer,
): cloudwatch.IWidget[] {
  const { service, targetGroup, connectedSockets, loggedAlarms, editLatency } = fargate;
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
  const cpu = service.metricCpuUtilization({ period: fiveMinutes });
  const memory = service.metricMemoryUtilization({ period: fiveMinutes });
  const requests = target('RequestCount', 'Sum');
  const errors = share('answers 5xx, %', target('HTTPCode_Target_5XX_Count', 'Sum'), requests);
  const answerTime = target('TargetResponseTime', 'p95');

  const down = alarms.add(`${name}-down`, {
    runbook: 'service-down',
    problem: `${name}: no task is ready`,
    metric: target('HealthyHostCount', 'Maximum', oneMinute),
    threshold: 1,
    below: true,
    periods: 3,
    // It is not reported when no task is registered ("Reported if there are registered targets", ELB, CloudWatch metrics).
    noDataIsAFault: true,
  });
  alarms.addGroup(`${name}-degraded`, {
    runbook: 'service-degraded',
    problem: `${name}: something is wrong`,
    quietWhile: down,
    causes: {
      [`${name}-cpu`]: {
        runbook: 'service-cpu',
        problem: `${name}: more than 80 % of its processors in use`,
        metric: cpu,
        threshold: 80,
        periods: 2,
      },
      [`${name}-memory`]: {
        runbook: 'service-memory',
        problem: `${name}: more than 80 % of its memory in use`,
        metric: memory,
        threshold: 80,
        periods: 2,
      },
      [`${name}-errors`]: {
        runbook: 'service-errors',
        problem: `${name}: more than 5 % of its answers are 5xx`,
        metric: errors,
        threshold: 5,
        periods: 2,
      },
      [`${name}-slow`]: editLatency ? slowEdits(name, editLatency) : slowAnswers(name, answerTime),
      [`${name}-unhealthy`]: {
        runbook: 'service-unhealthy',
        problem: `${name}: tasks do not say that they are ready`,
        metric: target('UnHealthyHostCount', 'Maximum', oneMinute),
        threshold: 0,
        periods: 5,
      },
    },
  });
  if (alarm && loggedAlarms)
    alarms.add(`${name}-alarm`, { ...alarm, metric: loggedAlarms, threshold: 0, periods: 1 });
  return [
    graph(`${name}: answers`, [requests], [errors]),
    graph(`${name}: response time, s`, [answerTime, target('TargetResponseTime', 'Average')]),
    graph(`${name}: processor and memory, %`, [cpu, memory], connectedSockets && [connectedSockets]),
  ];
}

function slowAnswers(name: string, metric: cloudwatch.IMetric): AlarmProps {
  return {
    runbook: 'service-slow',
    problem: `${name}: one answer in twenty takes more than a second`,
    metric,
    threshold: 1,
    periods: 2,
  };
}

/** To the load balancer a poll is an answer that takes 25 s, and nothing is wrong: what counts is how long an edit takes. */
function slowEdits(name: string, metric: cloudwatch.IMetric): AlarmProps {
  return {
    runbook: 'service-slow',
    problem: `${name}: one edit in a hundred takes more than a second to reach the others`,
    metric,
    threshold: 1_000,
    periods: 3,
  };
}

/** What people get from the load balancer alone, because no task answered. */
export function monitorLoadBalancer(alarms: Alarms, loadBalancer: elb.ApplicationLoadBalancer): void {
  alarms.add('load-balancer-errors', {
    runbook: 'load-balancer-errors',
    problem: 'The load balancer itself answers 5xx: no task does, or none in time',
    metric: new cloudwatch.Metric({
      namespace: 'AWS/ApplicationELB',
      metricName: 'HTTPCode_ELB_5XX_Count',
      dimensionsMap: { LoadBalancer: loadBalancer.loadBalancerFullName },
      statistic: 'Sum',
      period: fiveMinutes,
    }),
    // A number and no share: requests that find no task are not in RequestCount. The check from outside alone makes 30 in five
    // minutes (three places, every 30 s), so that an outage at night passes it.
    threshold: 20,
    periods: 1,
  });
}
