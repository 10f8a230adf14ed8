import { account } from '../../rules/service-input/ids.ts';
import type { Call } from './call.ts';
import type { ImaginedAccount } from './implied/account.ts';

/** A call that has to be denied, without its caller; `why` says what it would be good for. */
type Attempt = Omit<Call, 'caller'>;

/** Calls that must be denied: what code under a role could do when it is not ours any more. */
export function escapes(imagined: ImaginedAccount): Call[] {
  const provisioners = rolesOf(imagined, 'FunctionsAdvanceRole', 'FunctionsInstanceEventRole');
  const facingTheInternet = rolesOf(imagined, 'FunctionsApiRole', 'FunctionsAuthorizerRole');
  const services = imagined.of('AWS::ECS::TaskDefinition').map(({ properties }) => properties.TaskRoleArn);
  const inStacks = imagined.of('AWS::IAM::Role').map(({ arn }) => arn);
  return [
    ...by(provisioners, platformDatabases(imagined)),
    ...by(facingTheInternet, [...platformDatabases(imagined), ...tenantDatabases(imagined)]),
    ...by(services, [...platformDatabases(imagined), ...tenantDatabases(imagined)]),
    ...by([...provisioners, ...facingTheInternet, ...services], theKeyItself(imagined)),
    ...by(inStacks, [...otherStage(imagined), ...moreRights(imagined)]),
  ];
}

function rolesOf(imagined: ImaginedAccount, ...prefixes: string[]): string[] {
  return imagined
    .of('AWS::IAM::Role')
    .filter(({ id }) => prefixes.some((prefix) => id.startsWith(prefix)))
    .map(({ arn }) => arn);
}

const by = (callers: string[], attempts: Attempt[]): Call[] =>
  callers.flatMap((caller) => attempts.map((attempt) => ({ caller, ...attempt })));

/** The servers that every tenant depends on: to tag one as a tenant's own is the first step of all others. */
function platformDatabases(imagined: ImaginedAccount): Attempt[] {
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

function tenantDatabases({ stage }: ImaginedAccount): Attempt[] {
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
function theKeyItself(imagined: ImaginedAccount): Attempt[] {
  return imagined.of('AWS::KMS::Key').flatMap(({ arn }) =>
    ['kms:Decrypt', 'kms:Encrypt', 'kms:GenerateDataKey', 'kms:ScheduleKeyDeletion'].map((action) => ({
      action,
      resource: arn,
      why: 'the key is used without a service that records what for',
    })),
  );
}

/** Both may be in one account. */
function otherStage({ stage }: ImaginedAccount): Attempt[] {
  const other = stage === 'prod' ? 'dev' : 'prod';
  const arn = (service: string, resource: string, region = 'ap-northeast-1') =>
    `arn:aws:${service}:${region}:${account}:${resource}`;
  const own = { 'aws:ResourceTag/kyo:managed': 'true', 'aws:ResourceTag/kyo:stage': other };
  const attempts: [action: string, resource: string, context?: Call['context']][] = [
    [
      'secretsmanager:GetSecretValue',
      arn('secretsmanager', `secret:kyo/${other}/tenants/gym/database-a1b2c3`),
    ],
    [
      'secretsmanager:GetSecretValue',
      arn('secretsmanager', 'secret:rds!db-0a1b2c3d-a1b2c3'),
      { 'aws:ResourceTag/aws:rds:primaryDBInstanceArn': arn('rds', `db:kyo-${other}-t-gym`) },
    ],
    ['rds:ModifyDBInstance', arn('rds', `db:kyo-${other}-t-gym`), own],
    ['rds:DeleteDBInstance', arn('rds', `db:kyo-${other}-t-gym`), own],
    ['ssm:PutParameter', arn('ssm', `parameter/kyo/${other}/release`)],
    ['s3:GetObject', `arn:aws:s3:::kyo-${other}-data-files-a1b2c3d4e5f6/exports/gym`],
    ['s3:PutObject', `arn:aws:s3:::kyo-${other}-edge-site-a1b2c3d4e5f6/index.html`],
    ['ecr:PutImage', arn('ecr', `repository/kyo-${other}-delivery-otp`)],
    ['cloudformation:GetTemplate', arn('cloudformation', `stack/kyo-${other}-data/0a1b2c3d`)],
    [
      'states:StartExecution',
      arn('states', `stateMachine:kyo-${other}-provisioning-Operations-A1B2C3D4E5F6`),
    ],
    ['events:PutEvents', arn('events', `event-bus/kyo-${other}-data-Events-A1B2C3D4E5F6`)],
  ];
  return attempts.map(([action, resource, context]) => ({
    action,
    resource,
    ...(context && { context }),
    why: `what belongs to ${other}`,
  }));
}

/** Nothing that runs makes roles, or becomes another one; deploying is becoming those of CDK. */
function moreRights({ stage }: ImaginedAccount): Attempt[] {
  const role = `arn:aws:iam::${account}:role/kyo-${stage}-provisioning-FunctionsAdvanceRole-A1B2C3D4E5F6`;
  return [
    { action: 'iam:PassRole', resource: role, why: 'another role is given away' },
    { action: 'iam:PutRolePolicy', resource: role, why: 'a role gets more rights' },
    {
      action: 'iam:CreateAccessKey',
      resource: `arn:aws:iam::${account}:user/kyo`,
      why: 'a key that does not end',
    },
    {
      action: 'lambda:UpdateFunctionCode',
      resource: `arn:aws:lambda:ap-northeast-1:${account}:function:kyo-${stage}-provisioning-FunctionsAdvance-A1B2C3D4E5F6`,
      why: 'other code runs under a role',
    },
  ];
}
