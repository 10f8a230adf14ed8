import { eventSource } from '@kyong/tenancy/adapters/eventbridge';
import { Duration } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import * as events from 'aws-cdk-lib/aws-events';
import type { Stage } from '../../../config/index.ts';
import type { DataStack } from '../../stacks/data.ts';
import type { ProvisioningStack } from '../../stacks/provisioning.ts';
import { type Alarms, fiveMinutes, oneMinute } from '../alarms.ts';
import { metricsNamespaceOf } from '../names.ts';
import { graph } from './graphs.ts';

/** What changes tenants: the sweep, the driver, the operations themselves, and what could not be delivered to any. */
export function monitorOperations(
  alarms: Alarms,
  stage: Stage,
  { data, provisioning }: { data: DataStack; provisioning: ProvisioningStack },
): cloudwatch.IWidget {
  const { advance } = provisioning.functions;
  const activeTenants = (statistic: string, period = fiveMinutes) =>
    new cloudwatch.Metric({
      namespace: metricsNamespaceOf(stage),
      metricName: 'ActiveTenants',
      statistic,
      period,
    });
  alarms.add('sweep-failed', {
    runbook: 'sweep-failed',
    problem: 'No sweep came to its end: operations without a driver wait',
    // It counts the tenants last, every minute. Its invocations would say that it was called, failed ones too.
    metric: activeTenants('SampleCount', oneMinute),
    threshold: 1,
    below: true,
    periods: 5,
    noDataIsAFault: true,
  });
  const driver = { period: fiveMinutes, statistic: 'Sum' };
  alarms.add('driver-errors', {
    runbook: 'driver-failing',
    problem: 'The function that runs operations fails again and again: they stand still',
    metric: advance.metricErrors(driver),
    threshold: 0,
    // The state machine calls it again, for a day: one error is made good before anybody reads of it.
    periods: 3,
  });
  alarms.add('driver-throttled', {
    runbook: 'driver-failing',
    problem: 'The function that runs operations is not let run: concurrency is used up',
    metric: advance.metricThrottles(driver),
    threshold: 0,
    periods: 3,
  });
  alarms.add('tenant-database-cpu', {
    runbook: 'tenant-database-cpu',
    problem: "A tenant's database server is busy for more than 90 %, or none is looked at",
    // One metric for all of them: the sweep writes that of the busiest, four times an hour, and none is none.
    metric: new cloudwatch.Metric({
      namespace: metricsNamespaceOf(stage),
      metricName: 'BusiestServer',
      statistic: 'Maximum',
      period: Duration.minutes(15),
    }),
    threshold: 90,
    periods: 2,
    noDataIsAFault: true,
  });
  alarms.add('dead-letters', {
    runbook: 'dead-letters',
    problem: 'Something could not be delivered to the control plane, or failed there',
    metric: provisioning.deadLetters.metricApproximateNumberOfMessagesVisible({ period: fiveMinutes }),
    threshold: 0,
    periods: 1,
  });
  alarms.addEvent('OperationFailed', {
    runbook: 'operations-failed',
    problem: 'An operation did not succeed',
    bus: data.events,
    // Each names its operation, failed or compensated (packages/contracts/src/event.ts).
    pattern: { source: [eventSource], detailType: events.Match.suffix('Failed') },
    quote: ['$.detail.type', '$.detail.tenantId', '$.detail.operationId', '$.detail.reason'],
  });
  alarms.addEvent('DriverEnded', {
    runbook: 'driver-ended',
    problem: 'The driver of an operation ended before the operation',
    pattern: {
      source: ['aws.states'],
      detailType: ['Step Functions Execution Status Change'],
      detail: {
        status: ['FAILED', 'TIMED_OUT', 'ABORTED'],
        stateMachineArn: [provisioning.machine.stateMachineArn],
      },
    },
    quote: ['$.detail.name', '$.detail.status'],
  });
  return graph('Active tenants', [activeTenants('Maximum')]);
}
