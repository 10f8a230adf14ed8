import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import * as events from 'aws-cdk-lib/aws-events';
import * as targets from 'aws-cdk-lib/aws-events-targets';
import type { Construct } from 'constructs';
import type { Stage } from '../../config/index.ts';
import { Alarms, fiveMinutes } from '../constructs/alarms.ts';
import { AlertTopic } from '../constructs/alert-topic.ts';
import { KyoStack } from '../constructs/kyo-stack.ts';
import { monitorApi, monitorCache, monitorDatabase, monitorService } from '../constructs/monitors.ts';
import { metricsNamespaceOf } from '../constructs/names.ts';
import { services as definitions } from '../services/index.ts';
import type { CacheStack } from './cache.ts';
import type { DataStack } from './data.ts';
import type { ProvisioningStack } from './provisioning.ts';
import type { ServicesStack } from './services.ts';

interface Neighbours {
  data: DataStack;
  cache: CacheStack;
  services: ServicesStack;
  provisioning: ProvisioningStack;
}

/** One page to look at, and what rings when nobody does. */
export class MonitoringStack extends KyoStack {
  constructor(scope: Construct, stage: Stage, { data, cache, services, provisioning }: Neighbours) {
    super(scope, 'monitoring', { stage, description: 'dashboard and alarms' });
    const topic = new AlertTopic(this, 'Alerts', { email: stage.monitoring.alertEmail });
    const alarms = new Alarms(this, 'Alarms', topic);

    const dashboard = new cloudwatch.Dashboard(this, 'Dashboard');
    dashboard.addWidgets(...monitorApi(alarms, provisioning.api), activeTenants(stage));
    for (const definition of definitions) {
      const service = services.services.get(definition.name);
      if (service)
        dashboard.addWidgets(...monitorService(alarms, definition, service, services.cluster.loadBalancer));
    }
    dashboard.addWidgets(
      ...monitorDatabase(alarms, 'master-database', data.master.instance, stage.masterDatabase),
    );
    dashboard.addWidgets(
      ...monitorDatabase(alarms, 'shared-database', data.shared.instance, stage.sharedDatabase),
    );
    dashboard.addWidgets(...monitorCache(alarms, cache.valkey.nodeIds));

    alarms.add('operations-failed', {
      runbook: 'operations-failed',
      problem: 'The driver of an operation ended with an error',
      metric: provisioning.machine.metricFailed({ period: fiveMinutes }),
      threshold: 0,
      periods: 1,
    });
    alarms.add('sweep-failed', {
      runbook: 'sweep-failed',
      problem: 'The sweep does not run: operations without a driver wait',
      metric: provisioning.functions.sweep.metricInvocations({ period: fiveMinutes }),
      threshold: 1,
      below: true,
      periods: 2,
      noDataIsAFault: true,
    });
    alarms.add('dead-letters', {
      runbook: 'dead-letters',
      problem: 'Something could not be delivered to the control plane',
      metric: provisioning.deadLetters.metricApproximateNumberOfMessagesVisible({ period: fiveMinutes }),
      threshold: 0,
      periods: 1,
    });
    // Jobs have no metric that is there before the first one failed; their events always are.
    new events.Rule(this, 'BackupFailed', {
      description: 'A backup or a copy of one failed → docs/runbooks/backup-failed.md',
      eventPattern: {
        source: ['aws.backup'],
        detailType: ['Backup Job State Change', 'Copy Job State Change'],
        detail: { state: ['FAILED', 'ABORTED', 'EXPIRED'] },
      },
      // It allows EventBridge without conditions, which it would not meet (EventBridge User Guide, permissions for SNS).
      targets: [new targets.SnsTopic(topic)],
    });
  }
}

/** The sweep counts them every minute. */
function activeTenants(stage: Stage): cloudwatch.IWidget {
  return new cloudwatch.GraphWidget({
    title: 'Active tenants',
    width: 8,
    height: 6,
    left: [
      new cloudwatch.Metric({
        namespace: metricsNamespaceOf(stage),
        metricName: 'ActiveTenants',
        statistic: 'Maximum',
        period: fiveMinutes,
      }),
    ],
  });
}
