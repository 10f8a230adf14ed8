import { databaseWindows } from '@kyong/tenancy';
import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import type * as kms from 'aws-cdk-lib/aws-kms';
import * as rds from 'aws-cdk-lib/aws-rds';
import { Construct } from 'constructs';
import type { DatabaseSize } from '../../config/index.ts';
import { type Firewall, ports } from './firewall.ts';
import type { PlatformVpc } from './platform-vpc.ts';

/** What signs the certificates of the servers; good until 2061 (AWS: Using SSL/TLS to encrypt a connection to a DB instance). */
export const certificateAuthority = rds.CaCertificate.RDS_CA_RSA2048_G1;

/**
 * Known to CDK, cfn-lint and RDS alike, and none that RDS closed to new instances (17.1 to 17.4). Newer minors come by
 * themselves: `autoMinorVersionUpgrade`.
 */
const version = rds.PostgresEngineVersion.VER_17_9;
const engine = rds.DatabaseInstanceEngine.postgres({ version });
export const postgresMajorVersion = 17;

/** The server keeps its own log for seven days, the most there is; in CloudWatch it would cost, and hold what people write. */
const logRetentionMinutes = 7 * 24 * 60;

const parameters = { 'rds.force_ssl': '1', 'rds.log_retention_period': String(logRetentionMinutes) };
const replication = { 'rds.logical_replication': '1' };

/** What the servers are set to that the control plane makes for tenants. */
export class TenantParameters extends rds.ParameterGroup {
  readonly groupName: string;

  constructor(scope: Construct, id: string) {
    super(scope, id, { engine, parameters: { ...parameters, ...replication } });
    this.groupName = this.bindToInstance({}).parameterGroupName;
  }
}

export interface PostgresInstanceProps extends DatabaseSize {
  vpc: PlatformVpc;
  firewall: Firewall;
  subnetGroup: rds.ISubnetGroup;
  key: kms.IKey;
  databaseName?: string;
  /** Tenants move from it while they work: logical replication, which it has from its creation or by a restart. */
  copiesToOthers?: boolean;
  /** Kept, with deletion protection, when the stack goes. */
  keep: boolean;
}

/** A PostgreSQL server of the platform's own: encrypted, in no network but the databases', backed up. */
export class PostgresInstance extends Construct {
  readonly instance: rds.DatabaseInstance;
  /** Of the master user, who administrates and whom no service uses. */
  readonly adminSecret: rds.DatabaseSecret;

  constructor(scope: Construct, id: string, props: PostgresInstanceProps) {
    super(scope, id);
    const { vpc, firewall, key, keep } = props;
    this.adminSecret = new rds.DatabaseSecret(this, 'AdminSecret', { username: 'kyo', encryptionKey: key });
    this.instance = new rds.DatabaseInstance(this, 'Instance', {
      engine,
      autoMinorVersionUpgrade: true,
      // The default enrols in Extended Support, which costs more than the instance.
      engineLifecycleSupport: rds.EngineLifecycleSupport.OPEN_SOURCE_RDS_EXTENDED_SUPPORT_DISABLED,
      instanceType: new ec2.InstanceType(props.instanceType),
      multiAz: props.multiAz,
      storageType: rds.StorageType.GP3,
      allocatedStorage: props.storageGibibytes,
      maxAllocatedStorage: props.maxStorageGibibytes,
      storageEncrypted: true,
      storageEncryptionKey: key,
      credentials: rds.Credentials.fromSecret(this.adminSecret),
      ...(props.databaseName !== undefined && { databaseName: props.databaseName }),
      port: ports.postgres,
      vpc,
      vpcSubnets: vpc.databaseSubnets,
      subnetGroup: props.subnetGroup,
      securityGroups: [firewall.groupOf('databases', this)],
      publiclyAccessible: false,
      caCertificate: certificateAuthority,
      parameters: { ...parameters, ...(props.copiesToOthers && replication) },
      // Seven days of it cost nothing; the console of Performance Insights itself has ended.
      databaseInsightsMode: rds.DatabaseInsightsMode.STANDARD,
      performanceInsightRetention: rds.PerformanceInsightRetention.DEFAULT,
      performanceInsightEncryptionKey: key,
      backupRetention: Duration.days(props.backupDays),
      preferredBackupWindow: databaseWindows.backup,
      preferredMaintenanceWindow: databaseWindows.maintenance,
      copyTagsToSnapshot: true,
      deleteAutomatedBackups: !keep,
      deletionProtection: keep,
      removalPolicy: keep ? RemovalPolicy.SNAPSHOT : RemovalPolicy.DESTROY,
    });
  }
}
