import { plans } from '@kyong/tenancy';
import { ArnFormat, type Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as kms from 'aws-cdk-lib/aws-kms';

const colon = ArnFormat.COLON_RESOURCE_NAME;

/**
 * What the provisioner may do, held to what bears our tags: it can create databases of our plans in our subnets, and touch
 * none that is not a tenant's of this stage (Service Authorization Reference: Amazon RDS, AWS Secrets Manager, AWS KMS).
 */
export function grantProvisioning(
  role: iam.IGrantable,
  {
    stack,
    stage,
    key,
    subnetGroup,
    secretsPrefix,
  }: {
    stack: Stack;
    stage: string;
    key: kms.IKey;
    subnetGroup: string;
    secretsPrefix: string;
  },
): void {
  const rds = (resource: string) =>
    stack.formatArn({ service: 'rds', resource, resourceName: `kyo-${stage}-*`, arnFormat: colon });
  const databases = rds('db');
  const ofThisStage = { 'kyo:managed': 'true', 'kyo:stage': stage };
  const tagged = (prefix: 'aws:RequestTag' | 'aws:ResourceTag') =>
    Object.fromEntries(Object.entries(ofThisStage).map(([name, value]) => [`${prefix}/${name}`, value]));
  const secrets = stack.formatArn({
    service: 'secretsmanager',
    resource: 'secret',
    resourceName: `${secretsPrefix}*`,
    arnFormat: colon,
  });
  const masterSecrets = stack.formatArn({
    service: 'secretsmanager',
    resource: 'secret',
    resourceName: 'rds!db-*',
    arnFormat: colon,
  });

  const statements: iam.PolicyStatementProps[] = [
    {
      sid: 'CreateDatabases',
      actions: ['rds:CreateDBInstance'],
      resources: [databases],
      conditions: {
        StringEquals: {
          ...tagged('aws:RequestTag'),
          'rds:DatabaseEngine': 'postgres',
          'rds:DatabaseClass': [...new Set(Object.values(plans).map(({ instanceClass }) => instanceClass))],
        },
        Bool: { 'rds:StorageEncrypted': 'true' },
      },
    },
    {
      sid: 'CreateDatabasesInOurSubnets',
      actions: ['rds:CreateDBInstance'],
      resources: [
        stack.formatArn({ service: 'rds', resource: 'subgrp', resourceName: subnetGroup, arnFormat: colon }),
        stack.formatArn({
          service: 'rds',
          resource: 'pg',
          resourceName: 'default.postgres*',
          arnFormat: colon,
        }),
        stack.formatArn({
          service: 'rds',
          resource: 'og',
          resourceName: 'default:postgres*',
          arnFormat: colon,
        }),
      ],
    },
    {
      sid: 'TagWhatIsCreated',
      actions: ['rds:AddTagsToResource'],
      resources: [databases],
      conditions: { StringEquals: tagged('aws:RequestTag') },
    },
    {
      sid: 'ChangeOwnDatabases',
      actions: ['rds:ModifyDBInstance', 'rds:DeleteDBInstance', 'rds:StartDBInstance', 'rds:StopDBInstance'],
      resources: [databases],
      conditions: { StringEquals: tagged('aws:ResourceTag') },
    },
    {
      sid: 'SnapshotOwnDatabases',
      actions: ['rds:CreateDBSnapshot'],
      resources: [databases, rds('snapshot')],
    },
    // Reading: these actions take no narrower resource that is known before.
    {
      sid: 'LookAtDatabases',
      actions: ['rds:DescribeDBInstances', 'rds:DescribeAccountAttributes', 'rds:DescribeDBEngineVersions'],
      resources: ['*'],
    },
    {
      sid: 'TenantSecrets',
      actions: [
        'secretsmanager:GetSecretValue',
        'secretsmanager:DescribeSecret',
        'secretsmanager:PutSecretValue',
        'secretsmanager:DeleteSecret',
      ],
      resources: [secrets],
    },
    {
      sid: 'CreateTenantSecrets',
      actions: ['secretsmanager:CreateSecret', 'secretsmanager:TagResource'],
      resources: [secrets],
      conditions: { StringEquals: tagged('aws:RequestTag') },
    },
    // RDS creates master secrets in our name, and nobody but RDS can use that beginning of a name.
    {
      sid: 'CreateMasterSecrets',
      actions: ['secretsmanager:CreateSecret', 'secretsmanager:TagResource'],
      resources: [masterSecrets],
    },
    {
      sid: 'ReadMasterSecretsOfOwnDatabases',
      actions: ['secretsmanager:GetSecretValue'],
      resources: [masterSecrets],
      conditions: { ArnLike: { 'aws:ResourceTag/aws:rds:primaryDBInstanceArn': databases } },
    },
    {
      sid: 'LendTheKey',
      actions: ['kms:CreateGrant'],
      resources: [key.keyArn],
      conditions: { Bool: { 'kms:GrantIsForAWSResource': 'true' } },
    },
    { sid: 'DescribeTheKey', actions: ['kms:DescribeKey'], resources: [key.keyArn] },
  ];
  for (const statement of statements)
    role.grantPrincipal.addToPrincipalPolicy(new iam.PolicyStatement(statement));
  key.grantEncryptDecrypt(role);
}
