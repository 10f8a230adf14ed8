import { fenceNameOf } from '../../../constructs/names.ts';
import { account } from '../../../rules/service-input/ids.ts';
import type { ImaginedAccount } from '../implied/account.ts';
import type { Attempt } from './attempt.ts';

/** Nothing that runs makes roles, or becomes another one; deploying is becoming those of CDK. */
export function moreRights({ stage }: ImaginedAccount): Attempt[] {
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

/** A role out of bounds could do what the bounds are for, and so could one whose bounds it changes. */
export function pastTheFence({ stage }: ImaginedAccount): Attempt[] {
  const iam = (resource: string) => `arn:aws:iam::${account}:${resource}`;
  const role = iam(`role/kyo-${stage}-services-New-A1B2C3D4E5F6`);
  const fence = iam(`policy/${fenceNameOf({ name: stage })}`);
  return [
    { action: 'iam:CreateRole', resource: role, why: 'a role that nothing bounds' },
    {
      action: 'iam:CreateRole',
      resource: role,
      context: { 'iam:PermissionsBoundary': 'arn:aws:iam::aws:policy/AdministratorAccess' },
      why: 'a role that is bounded by everything',
    },
    { action: 'iam:DeleteRolePermissionsBoundary', resource: role, why: 'the bound of a role is taken away' },
    { action: 'iam:CreatePolicyVersion', resource: fence, why: 'the fence is moved' },
    { action: 'iam:DeletePolicy', resource: fence, why: 'the fence is torn down' },
  ];
}
