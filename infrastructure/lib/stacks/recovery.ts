import * as route53 from 'aws-cdk-lib/aws-route53';
import type { Construct } from 'constructs';
import type { Stage } from '../../config/index.ts';
import { BackupVault, DatabaseBackups } from '../constructs/database-backups.ts';
import { KyoStack } from '../constructs/kyo-stack.ts';
import type { EdgeStack } from './edge.ts';

/** Where copies of the backups lie when the region is gone. */
export class RecoveryCopiesStack extends KyoStack {
  readonly vault: BackupVault;

  constructor(scope: Construct, stage: Stage, region: string) {
    super(scope, 'recovery-copies', { stage, region, description: 'copies of the backups', stateful: true });
    this.vault = new BackupVault(this, 'Vault', { keep: stage.keepsData });
  }
}

/** Backups of every database of the stage, copied to another region, and a look from outside whether it is all there. */
export class RecoveryStack extends KyoStack {
  readonly backups: DatabaseBackups;

  constructor(
    scope: Construct,
    stage: Stage,
    { edge, copies }: { edge: EdgeStack; copies?: RecoveryCopiesStack | undefined },
  ) {
    super(scope, 'recovery', { stage, description: 'backups and the check from outside', stateful: true });
    this.backups = new DatabaseBackups(this, 'Backups', {
      ...stage.recovery,
      stageName: stage.name,
      keep: stage.keepsData,
      copies: copies?.vault,
    });
    // Through the edge to a service and back. https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/dns-failover.html
    new route53.CfnHealthCheck(this, 'FromOutside', {
      healthCheckConfig: {
        type: 'HTTPS',
        fullyQualifiedDomainName: edge.hostname,
        port: 443,
        resourcePath: '/.well-known/jwks.json',
        requestInterval: 30,
        // The fewest there may be: each place that looks sends 88,000 requests a month.
        regions: ['ap-northeast-1', 'ap-southeast-1', 'us-west-2'],
        failureThreshold: 3,
        enableSni: true,
      },
    });
  }
}
