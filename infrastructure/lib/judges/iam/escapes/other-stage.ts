import type { Stage } from '../../../../config/index.ts';
import { qualifierOf } from '../../../constructs/names.ts';
import { account } from '../../../rules/service-input/ids.ts';
import type { Call } from '../call.ts';
import type { ImaginedAccount } from '../implied/account.ts';
import type { Attempt } from './attempt.ts';

const region = 'ap-northeast-1';
const arn = (service: string, resource: string) => `arn:aws:${service}:${region}:${account}:${resource}`;
const iam = (resource: string) => `arn:aws:iam::${account}:${resource}`;
const otherThan = ({ stage }: ImaginedAccount): Stage['name'] => (stage === 'prod' ? 'dev' : 'prod');

type Tried = [action: string, resource: string, context?: Call['context']];

/** Both stages may be in one account: what belongs to the other one. */
export function otherStage(imagined: ImaginedAccount): Attempt[] {
  const other = otherThan(imagined);
  return attempts(other, [
    [
      'secretsmanager:GetSecretValue',
      arn('secretsmanager', `secret:kyo/${other}/tenants/gym/database-a1b2c3`),
    ],
    ['secretsmanager:GetSecretValue', arn('secretsmanager', 'secret:MasterUrlF265FF72-A1B2C3D4E5F6-g7h8i9')],
    [
      'secretsmanager:GetSecretValue',
      arn('secretsmanager', 'secret:rds!db-0a1b2c3d-a1b2c3'),
      {
        'aws:ResourceTag/kyo:stage': [],
        'aws:ResourceTag/aws:rds:primaryDBInstanceArn': arn('rds', `db:kyo-${other}-t-gym`),
      },
    ],
    ['kms:Decrypt', arn('kms', 'key/0a1b2c3d-0a1b-0a1b-0a1b-0a1b2c3d4e5f')],
    ['rds:ModifyDBInstance', arn('rds', `db:kyo-${other}-t-gym`)],
    ['rds:DeleteDBInstance', arn('rds', `db:kyo-${other}-data-master`)],
    ['ssm:PutParameter', arn('ssm', `parameter/kyo/${other}/release`)],
    ['s3:GetObject', `arn:aws:s3:::kyo-${other}-data-files-a1b2c3d4e5f6/exports/gym`],
    ['s3:PutObject', `arn:aws:s3:::kyo-${other}-edge-site-a1b2c3d4e5f6/index.html`],
    ['ecr:PutImage', arn('ecr', `repository/kyo-${other}-delivery-otp`)],
    ['cloudformation:GetTemplate', arn('cloudformation', `stack/kyo-${other}-data/0a1b2c3d`)],
    [
      'states:StartExecution',
      arn('states', `stateMachine:kyo-${other}-provisioning-Operations-A1B2C3D4E5F6`),
    ],
    ['events:PutEvents', arn('events', `event-bus/kyo${other}dataEvents0A1B2C3D`)],
    [
      'lambda:UpdateFunctionCode',
      arn('lambda', `function:kyo-${other}-provisioning-FunctionsApi-A1B2C3D4E5F6`),
    ],
  ]);
}

/** Deploying the other stage: its stacks, the roles that deploy them, and what those take from their bucket. */
export function deployingOtherStage(imagined: ImaginedAccount): Attempt[] {
  const other = otherThan(imagined);
  const qualifier = qualifierOf({ name: other });
  const stack = arn('cloudformation', `stack/kyo-${other}-services/0a1b2c3d`);
  const role = (name: string) => iam(`role/cdk-${qualifier}-${name}-${account}-${region}`);
  return attempts(other, [
    ['sts:AssumeRole', role('deploy-role')],
    ['sts:AssumeRole', role('file-publishing-role')],
    ['iam:PassRole', role('cfn-exec-role')],
    // Without a role in the request CloudFormation takes the one that the stack was deployed with.
    ['cloudformation:UpdateStack', stack],
    ['cloudformation:CreateChangeSet', stack],
    ['cloudformation:DeleteStack', stack],
    ['s3:PutObject', `arn:aws:s3:::cdk-${qualifier}-assets-${account}-${region}/0a1b2c3d.zip`],
    ['iam:PutRolePolicy', iam(`role/kyo-${other}-provisioning-FunctionsApiRole-A1B2C3D4E5F6`)],
  ]);
}

function attempts(other: string, tried: Tried[]): Attempt[] {
  const tags = { 'aws:ResourceTag/kyo:stage': other, 'aws:ResourceTag/kyo:managed': 'true' };
  return tried.map(([action, resource, context]) => ({
    action,
    resource,
    context: { ...tags, ...context },
    why: `it belongs to ${other}`,
  }));
}
