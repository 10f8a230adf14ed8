import { ArnFormat, Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import * as backup from 'aws-cdk-lib/aws-backup';
import * as events from 'aws-cdk-lib/aws-events';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as kms from 'aws-cdk-lib/aws-kms';
import { Construct } from 'constructs';
import type { Stage } from '../../config/index.ts';

/** A vault with a key of its own where backups are kept: whoever may use the databases' key cannot use theirs. */
export class BackupVault extends backup.BackupVault {
  constructor(scope: Construct, id: string, { keep }: { keep: boolean }) {
    const removalPolicy = keep ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY;
    super(scope, id, {
      ...(keep && {
        encryptionKey: new kms.Key(scope, `${id}Key`, {
          description: 'Kyo: backups',
          enableKeyRotation: true,
          removalPolicy,
        }),
      }),
      // Nobody ends a backup before its time, whatever role they got hold of.
      blockRecoveryPointDeletion: keep,
      removalPolicy,
    });
  }
}

type DatabaseBackupsProps = Stage['recovery'] & {
  stageName: string;
  keep: boolean;
  /** A vault in another region. */
  copies?: backup.IBackupVault | undefined;
};

/** Tokyo's small hours. */
const at = { hour: '18', minute: '0' };

/**
 * Daily, weekly and monthly backups of every database that bears the stage's tag: the platform's own and the tenants',
 * which are created later. Points in time within the last days are RDS's own doing.
 */
export class DatabaseBackups extends Construct {
  readonly vault: BackupVault;

  constructor(scope: Construct, id: string, props: DatabaseBackupsProps) {
    super(scope, id);
    this.vault = new BackupVault(this, 'Vault', { keep: props.keep });
    const rule = (name: string, schedule: events.CronOptions, days: number) =>
      new backup.BackupPlanRule({
        ruleName: name,
        backupVault: this.vault,
        scheduleExpression: events.Schedule.cron({ ...at, ...schedule }),
        startWindow: Duration.hours(1),
        completionWindow: Duration.hours(8),
        // RDS has no cold storage: backups stay where they are until they go.
        deleteAfter: Duration.days(days),
        ...(props.copies && {
          copyActions: [{ destinationBackupVault: props.copies, deleteAfter: Duration.days(days) }],
        }),
      });
    const plan = new backup.BackupPlan(this, 'Plan', {
      backupPlanRules: [
        rule('daily', {}, props.dailyDays),
        rule('weekly', { weekDay: 'SAT' }, props.weeklyDays),
        rule('monthly', { day: '1' }, props.monthlyDays),
      ],
    });
    const role = new iam.Role(this, 'Role', {
      assumedBy: new iam.ServicePrincipal('backup.amazonaws.com'),
      description: 'Kyo: backs databases up, and restores them',
      managedPolicies: ['Backup', 'Restores'].map((what) =>
        iam.ManagedPolicy.fromAwsManagedPolicyName(`service-role/AWSBackupServiceRolePolicyFor${what}`),
      ),
    });
    new backup.CfnBackupSelection(this, 'Databases', {
      backupPlanId: plan.backupPlanId,
      backupSelection: {
        selectionName: 'databases',
        iamRoleArn: role.roleArn,
        resources: [
          Stack.of(this).formatArn({
            service: 'rds',
            resource: 'db',
            resourceName: '*',
            arnFormat: ArnFormat.COLON_RESOURCE_NAME,
          }),
        ],
        conditions: {
          StringEquals: [{ ConditionKey: 'aws:ResourceTag/kyo:stage', ConditionValue: props.stageName }],
        },
      },
    });
  }
}
