import { type Stage, stageNames } from '../config/index.ts';
import { fenceNameOf, qualifierOf } from './constructs/names.ts';

/**
 * What no role of a stage may do, whatever its policies say, where several stages share an account: touch another one, make a
 * role that is not bounded by the same, or take the bound away. IAM User Guide, "Permissions boundaries for IAM entities".
 */
export function fenceOf(stage: Pick<Stage, 'name'>) {
  const others = stageNames.filter((name) => name !== stage.name);
  const fences = `arn:aws:iam::*:policy/${fenceNameOf(stage)}`;
  return {
    Version: '2012-10-17',
    Statement: [
      { Sid: 'WhatIsNotForbidden', Effect: 'Allow', Action: '*', Resource: '*' },
      {
        Sid: 'NothingThatBearsTheTagOfAnother',
        Effect: 'Deny',
        Action: '*',
        Resource: '*',
        Condition: { StringEquals: { 'aws:ResourceTag/kyo:stage': others } },
      },
      {
        Sid: 'NothingThatHasTheNameOfAnother',
        Effect: 'Deny',
        Action: '*',
        Resource: others.flatMap(namedAfter),
      },
      {
        // RDS gives them tags of its own alone.
        Sid: 'NoMasterSecretOfAnother',
        Effect: 'Deny',
        Action: 'secretsmanager:*',
        Resource: '*',
        Condition: {
          ArnLike: {
            'aws:ResourceTag/aws:rds:primaryDBInstanceArn': others.map(
              (name) => `arn:aws:rds:*:*:db:kyo-${name}-*`,
            ),
          },
        },
      },
      {
        Sid: 'NoRoleWithoutTheFence',
        Effect: 'Deny',
        Action: [
          'iam:CreateRole',
          'iam:CreateUser',
          'iam:PutRolePermissionsBoundary',
          'iam:PutUserPermissionsBoundary',
        ],
        Resource: '*',
        Condition: { ArnNotLike: { 'iam:PermissionsBoundary': fences } },
      },
      {
        Sid: 'TheFenceStays',
        Effect: 'Deny',
        Action: ['iam:DeleteRolePermissionsBoundary', 'iam:DeleteUserPermissionsBoundary'],
        Resource: '*',
      },
      {
        Sid: 'TheFenceStaysAsItIs',
        Effect: 'Deny',
        Action: [
          'iam:CreatePolicyVersion',
          'iam:DeletePolicy',
          'iam:DeletePolicyVersion',
          'iam:SetDefaultPolicyVersion',
        ],
        Resource: fences,
      },
    ],
  };
}

/** What has no tag, or is asked for by a name that another stage will have. The service stands in each: IAM takes no `*` there. */
function namedAfter(stage: Stage['name']): string[] {
  const qualifier = qualifierOf({ name: stage });
  return [
    `cloudformation:*:*:stack/kyo-${stage}-*`,
    `cloudformation:*:*:stack/CDKToolkit-${qualifier}/*`,
    `ecr:*:*:repository/cdk-${qualifier}-*`,
    `ecr:*:*:repository/kyo-${stage}-*`,
    `events:*:*:event-bus/kyo${stage}*`,
    `events:*:*:event-bus/kyo-${stage}-*`,
    `iam::*:policy/kyo-${stage}-*`,
    `iam::*:role/cdk-${qualifier}-*`,
    `iam::*:role/kyo-${stage}-*`,
    `lambda:*:*:function:kyo-${stage}-*`,
    `logs:*:*:log-group:kyo-${stage}-*`,
    `rds:*:*:*:kyo-${stage}-*`,
    `s3:::cdk-${qualifier}-*`,
    `s3:::kyo-${stage}-*`,
    `secretsmanager:*:*:secret:kyo/${stage}/*`,
    `sns:*:*:kyo-${stage}-*`,
    `sqs:*:*:kyo-${stage}-*`,
    `ssm:*:*:parameter/cdk-bootstrap/${qualifier}/*`,
    `ssm:*:*:parameter/kyo/${stage}/*`,
    `states:*:*:*:kyo-${stage}-*`,
  ].map((resource) => `arn:aws:${resource}`);
}
