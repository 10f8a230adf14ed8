import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import type { Construct } from 'constructs';
import type { Stage } from '../../config/index.ts';
import { Alarms } from '../constructs/alarms.ts';
import { AlertTopic } from '../constructs/alert-topic.ts';
import { allowedConnections } from '../constructs/connection-budget.ts';
import { KyoStack } from '../constructs/kyo-stack.ts';
import { monitorApi } from '../constructs/monitors/api.ts';
import { monitorCache } from '../constructs/monitors/cache.ts';
import { announceDatabaseTrouble, monitorDatabase } from '../constructs/monitors/database.ts';
import { monitorNat } from '../constructs/monitors/nat.ts';
import { monitorOperations } from '../constructs/monitors/operations.ts';
import { monitorLoadBalancer, monitorService } from '../constructs/monitors/service.ts';
import { services as definitions } from '../services/index.ts';
import type { CacheStack } from './cache.ts';
import type { DataStack } from './data.ts';
import type { NetworkStack } from './network.ts';
import type { ProvisioningStack } from './provisioning.ts';
import type { ServicesStack } from './services.ts';

interface Neighbours {
  network: NetworkStack;
  data: DataStack;
  cache: CacheStack;
  services: ServicesStack;
  provisioning: ProvisioningStack;
}

/** One page to look at, and what rings while no operator does. */
export class MonitoringStack extends KyoStack {
  constructor(scope: Construct, stage: Stage, neighbours: Neighbours) {
    super(scope, 'monitoring', { stage, description: 'dashboard and alarms' });
    const { network, data, cache, services, provisioning } = neighbours;
    const topic = new AlertTopic(this, 'Alerts', { email: stage.monitoring.alertEmail });
    const alarms = new Alarms(this, 'Alarms', topic);
    const { loadBalancer } = services.cluster;

    const rows = [
      [...monitorApi(alarms, provisioning.api), monitorOperations(alarms, stage, { data, provisioning })],
    ];
    for (const definition of definitions) {
      const service = services.services.get(definition.name);
      if (service) rows.push(monitorService(alarms, definition, service, loadBalancer));
    }
    monitorLoadBalancer(alarms, loadBalancer);
    rows.push(
      monitorDatabase(
        alarms,
        'master-database',
        data.master.instance,
        stage.masterDatabase,
        allowedConnections(stage),
      ),
      monitorDatabase(alarms, 'shared-database', data.shared.instance, stage.sharedDatabase),
    );
    announceDatabaseTrouble(alarms, stage);
    rows.push(monitorCache(alarms, cache.valkey.nodeIds));
    monitorNat(alarms, network.vpc);
    if (stage.monitoring.dashboard) new cloudwatch.Dashboard(this, 'Dashboard', { widgets: rows });

    // Jobs have no metric that is there before the first one failed; their events always are.
    alarms.addEvent('BackupFailed', {
      runbook: 'backup-failed',
      problem: 'A backup or a copy of one failed',
      pattern: {
        source: ['aws.backup'],
        detailType: ['Backup Job State Change', 'Copy Job State Change'],
        detail: { state: ['FAILED', 'ABORTED', 'EXPIRED'] },
      },
      quote: ['$.detail-type', '$.detail.state', '$.detail.resourceArn'],
    });
  }
}
