import type { Call } from '../call.ts';
import { rolesOfCdk } from '../policies.ts';
import type { ImaginedAccount } from './account.ts';

/** CloudFormation makes roles under a role that may make none out of the stage's bounds. */
export function madeRoles(imagined: ImaginedAccount): Call[] {
  const [, caller = ''] = rolesOfCdk(imagined.stage);
  return imagined.of('AWS::IAM::Role').map(({ arn, name, properties: { PermissionsBoundary } }) => ({
    caller,
    action: 'iam:CreateRole',
    resource: arn,
    ...(PermissionsBoundary && { context: { 'iam:PermissionsBoundary': PermissionsBoundary } }),
    why: `${name} cannot be created`,
  }));
}
