import { account } from '../../../rules/service-input/ids.ts';
import type { ImaginedAccount } from '../implied/account.ts';
import type { Attempt } from './attempt.ts';

/** The servers that every tenant depends on: to tag one as a tenant's own is the first step of all others. */
export function platformDatabases(imagined: ImaginedAccount): Attempt[] {
  const own = { 'aws:ResourceTag/kyo:managed': 'true', 'aws:ResourceTag/kyo:stage': imagined.stage };
  const asOwn = {
    'aws:RequestTag/kyo:managed': 'true',
    'aws:RequestTag/kyo:stage': imagined.stage,
    'aws:TagKeys': ['kyo:managed', 'kyo:stage'],
  };
  return imagined.of('AWS::RDS::DBInstance').flatMap(({ arn, name, region }) => [
    {
      action: 'rds:AddTagsToResource',
      resource: arn,
      context: asOwn,
      why: `${name} is tagged as a tenant's`,
    },
    { action: 'rds:ModifyDBInstance', resource: arn, context: own, why: `${name} gets another password` },
    { action: 'rds:DeleteDBInstance', resource: arn, context: own, why: `${name} is deleted` },
    {
      action: 'rds:DeleteDBSnapshot',
      resource: `arn:aws:rds:${region}:${account}:snapshot:${arn.split(':').at(-1)}-final`,
      context: own,
      why: `the last snapshot of ${name} is deleted`,
    },
    // The shared server is the source of restores of its tenants; of the master database there is none.
    ...(name.includes('Master')
      ? [
          {
            action: 'rds:RestoreDBInstanceToPointInTime',
            resource: arn,
            context: asOwn,
            why: `a copy of ${name} is made, and opened with a new password`,
          },
        ]
      : []),
  ]);
}

export function tenantDatabases({ stage }: ImaginedAccount): Attempt[] {
  const arn = (service: string, resource: string) =>
    `arn:aws:${service}:ap-northeast-1:${account}:${resource}`;
  const server = arn('rds', `db:kyo-${stage}-t-gym`);
  const ofServer = { 'aws:ResourceTag/aws:rds:primaryDBInstanceArn': server };
  const own = { 'aws:ResourceTag/kyo:managed': 'true', 'aws:ResourceTag/kyo:stage': stage };
  return [
    {
      action: 'secretsmanager:GetSecretValue',
      resource: arn('secretsmanager', 'secret:rds!db-0a1b2c3d-a1b2c3'),
      context: ofServer,
      why: "a tenant's master password is read",
    },
    { action: 'rds:ModifyDBInstance', resource: server, context: own, why: "a tenant's server is changed" },
    { action: 'rds:DeleteDBInstance', resource: server, context: own, why: "a tenant's server is deleted" },
  ];
}

/** What a service decrypts in the role's name it may; what is encrypted it may not take away and open. */
export function theKeyItself(imagined: ImaginedAccount): Attempt[] {
  return imagined.of('AWS::KMS::Key').flatMap(({ arn }) =>
    ['kms:Decrypt', 'kms:Encrypt', 'kms:GenerateDataKey', 'kms:ScheduleKeyDeletion'].map((action) => ({
      action,
      resource: arn,
      why: 'the key is used without a service that records what for',
    })),
  );
}
