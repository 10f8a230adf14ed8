import { plans } from '@kyong/tenancy';
import { namePrefixOf } from '@kyong/tenancy/adapters/rds-names';
import { ArnFormat, type Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as kms from 'aws-cdk-lib/aws-kms';
import { useKeyThrough } from './secret-access.ts';

/** Service Authorization Reference: Amazon RDS, AWS Secrets Manager, AWS KMS. */

interface ProvisionerScope {
  stack: Stack;
  stage: string;
  key: kms.IKey;
  subnetGroup: string;
  parameterGroup: string;
  /** The server of the tenants that share one, by its ARN. */
  sharedServer: string;
  /** What the names of the stage's secrets begin with. */
  secretsPrefix: string;
}

/** Sees between which times databases can be had as they were, and nothing of what is in them. */
export function seeBackups(role: iam.IGrantable): void {
  add(role, [{ sid: 'SeeBackups', actions: ['rds:DescribeDBInstanceAutomatedBackups'], resources: ['*'] }]);
}

/**
 * Makes, looks into and changes what tenants have: databases of our plans in our subnets. The fence is their names. A fence of
 * tags would be none: what may tag a new database may tag any.
 */
export function grantProvisioning(role: iam.IGrantable, scope: ProvisionerScope): void {
  const { key, subnetGroup, parameterGroup, sharedServer, stage } = scope;
  const databases = tenants(scope, 'db');
  const snapshots = tenants(scope, 'snapshot');
  const secrets = arnOf(scope, 'secretsmanager', 'secret', `${scope.secretsPrefix}tenants/*`);
  const asked = { 'aws:RequestTag/kyo:managed': 'true', 'aws:RequestTag/kyo:stage': stage };
  const ofOurPlans = [...new Set(Object.values(plans).map(({ instanceClass }) => instanceClass))];
  add(role, [
    {
      // Reading: these actions take no narrower resource that is known before.
      sid: 'LookAtDatabases',
      actions: [
        'ec2:DescribeSubnets',
        'rds:DescribeAccountAttributes',
        'rds:DescribeDBEngineVersions',
        'rds:DescribeDBInstanceAutomatedBackups',
        'rds:DescribeDBInstances',
        'rds:DescribeDBSnapshots',
        'rds:DescribeDBSubnetGroups',
        'secretsmanager:ListSecrets',
      ],
      resources: ['*'],
    },
    {
      sid: 'ReadMasterSecretsOfOwnDatabases',
      actions: ['secretsmanager:GetSecretValue'],
      resources: [masterSecretsOf(scope)],
      conditions: {
        ArnLike: { 'aws:ResourceTag/aws:rds:primaryDBInstanceArn': tenants(scope, 'db') },
      },
    },
    {
      sid: 'CreateDatabases',
      actions: ['rds:CreateDBInstance'],
      resources: [databases],
      conditions: {
        StringEquals: { ...asked, 'rds:DatabaseEngine': 'postgres', 'rds:DatabaseClass': ofOurPlans },
        Bool: { 'rds:StorageEncrypted': 'true' },
      },
    },
    {
      // The source is checked, and the target: a tenant's own server, or a copy of the shared one. RDS restores over no
      // database that is there, and what is asked for bears a tenant's tags.
      sid: 'RestoreDatabases',
      actions: ['rds:RestoreDBInstanceToPointInTime'],
      resources: [databases, sharedServer],
      conditions: { StringEquals: asked },
    },
    {
      sid: 'CreateDatabasesWhereOursAre',
      actions: ['rds:CreateDBInstance', 'rds:RestoreDBInstanceToPointInTime'],
      resources: [
        arnOf(scope, 'rds', 'subgrp', subnetGroup),
        arnOf(scope, 'rds', 'pg', parameterGroup),
        arnOf(scope, 'rds', 'og', 'default:postgres*'),
      ],
    },
    {
      // At their creation, and when their tenant or plan changes. Of a last snapshot RDS copies them, and the request has none.
      sid: 'TagDatabases',
      actions: ['rds:AddTagsToResource'],
      resources: [databases, snapshots],
      conditions: { StringEqualsIfExists: { 'aws:RequestTag/kyo:stage': stage } },
    },
    {
      sid: 'ChangeDatabases',
      actions: ['rds:ModifyDBInstance', 'rds:DeleteDBInstance'],
      resources: [databases],
    },
    {
      // The one that a deletion leaves is checked with both.
      sid: 'KeepLastSnapshots',
      actions: ['rds:CreateDBSnapshot', 'rds:DeleteDBSnapshot'],
      resources: [databases, snapshots],
    },
    {
      sid: 'TenantSecrets',
      actions: ['secretsmanager:GetSecretValue', 'secretsmanager:DeleteSecret'],
      resources: [secrets],
    },
    {
      sid: 'CreateTenantSecrets',
      actions: ['secretsmanager:CreateSecret', 'secretsmanager:TagResource'],
      resources: [secrets],
      conditions: { StringEquals: asked },
    },
    {
      // RDS creates master secrets in our name, and nobody but RDS can use that beginning of a name.
      sid: 'CreateMasterSecrets',
      actions: ['secretsmanager:CreateSecret', 'secretsmanager:TagResource'],
      resources: [masterSecretsOf(scope)],
    },
    {
      sid: 'LendTheKey',
      actions: ['kms:CreateGrant'],
      resources: [key.keyArn],
      conditions: { Bool: { 'kms:GrantIsForAWSResource': 'true' } },
    },
    { sid: 'DescribeTheKey', actions: ['kms:DescribeKey'], resources: [key.keyArn] },
  ]);
  useKeyThrough('secretsmanager', role, key, ['kms:Decrypt', 'kms:GenerateDataKey']);
}

function add(role: iam.IGrantable, statements: iam.PolicyStatementProps[]): void {
  for (const statement of statements) {
    role.grantPrincipal.addToPrincipalPolicy(new iam.PolicyStatement(statement));
  }
}

function arnOf({ stack }: ProvisionerScope, service: string, resource: string, resourceName: string): string {
  return stack.formatArn({ service, resource, resourceName, arnFormat: ArnFormat.COLON_RESOURCE_NAME });
}

const tenants = (scope: ProvisionerScope, kind: 'db' | 'snapshot') =>
  arnOf(scope, 'rds', kind, `${namePrefixOf(scope.stage)}*`);
const masterSecretsOf = (scope: ProvisionerScope) => arnOf(scope, 'secretsmanager', 'secret', 'rds!db-*');
