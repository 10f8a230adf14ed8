import { CfnOutput } from 'aws-cdk-lib';
import * as events from 'aws-cdk-lib/aws-events';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as rds from 'aws-cdk-lib/aws-rds';
import type { Construct } from 'constructs';

import type { Stage } from '../../config/index.ts';
import { connectionLimits } from '../constructs/connection-budget.ts';
import { KyoStack } from '../constructs/kyo-stack.ts';
import { MasterDatabase } from '../constructs/master-database.ts';
import { PostgresInstance, TenantParameters } from '../constructs/postgres-instance.ts';
import { PrivateBucket } from '../constructs/private-bucket.ts';
import type { NetworkStack } from './network.ts';

/** Archives of tenants that leave, in the bucket of files. */
export const exportsFolder = 'exports/';

/** What must not be lost: the master database, the server of the tenants that share one, files, events, the key to it all. */
export class DataStack extends KyoStack {
  readonly key: kms.IKey;
  readonly master: MasterDatabase;
  readonly shared: PostgresInstance;
  readonly subnetGroup: rds.SubnetGroup;
  /** Of the tenants' own servers. */
  readonly parameterGroup: TenantParameters;
  readonly events: events.EventBus;
  /** Files of the tenants, under `tenant-<id>/`. */
  readonly files: PrivateBucket;
  readonly accessLogs: PrivateBucket;

  constructor(scope: Construct, stage: Stage, { network, code }: { network: NetworkStack; code: string }) {
    super(scope, 'data', { stage, description: 'databases, files, events and keys', stateful: true });
    const keep = stage.keepsData;

    const key = new kms.Key(this, 'Key', {
      description: `Kyo ${stage.name}: databases, secrets, cache and files`,
      enableKeyRotation: true,
      removalPolicy: this.dataRemovalPolicy,
    });
    // IAM says who may use it. Were its own policy to name the roles of other stacks, no stack could be changed alone.
    this.key = kms.Key.fromKeyArn(this, 'KeyByArn', key.keyArn);
    this.subnetGroup = new rds.SubnetGroup(this, 'DatabaseSubnets', {
      description: `Kyo ${stage.name}: databases of the platform and its tenants`,
      vpc: network.vpc,
      vpcSubnets: network.vpc.databaseSubnets,
    });
    this.parameterGroup = new TenantParameters(this, 'TenantParameters');
    const server = {
      vpc: network.vpc,
      firewall: network.firewall,
      subnetGroup: this.subnetGroup,
      key: this.key,
      keep,
    };
    this.master = new MasterDatabase(this, 'Master', {
      ...server,
      ...stage.masterDatabase,
      code,
      logDays: stage.monitoring.logDays,
      connectionLimits: connectionLimits(stage),
    });
    this.shared = new PostgresInstance(this, 'Shared', {
      ...server,
      ...stage.sharedDatabase,
      copiesToOthers: true,
    });

    new CfnOutput(this, 'Preparation', { value: this.master.preparation.function.functionName });

    this.accessLogs = new PrivateBucket(this, 'AccessLogs', { keep, expireDays: 90 });
    this.files = new PrivateBucket(this, 'Files', {
      keep,
      key: this.key,
      accessLogs: this.accessLogs,
      expiringFolder: { prefix: exportsFolder, days: stage.tenants.exportDays },
    });
    this.events = new events.EventBus(this, 'Events', {
      description: `Kyo ${stage.name}: what happened to tenants`,
    });
  }
}
