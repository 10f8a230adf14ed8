import type { Call } from '../call.ts';
import type { ImaginedAccount } from '../implied/account.ts';
import { rolesOfCdk } from '../policies.ts';
import type { Attempt } from './attempt.ts';
import { platformDatabases, tenantDatabases, theKeyItself } from './databases.ts';
import { deployingOtherStage, otherStage } from './other-stage.ts';
import { moreRights, pastTheFence } from './rights.ts';

/** Calls that must be denied: what code under a role could do when it is not ours any more. */
export function escapes(imagined: ImaginedAccount): Call[] {
  const provisioners = rolesOf(imagined, 'FunctionsAdvanceRole', 'FunctionsInstanceEventRole');
  const facingTheInternet = rolesOf(imagined, 'FunctionsApiRole', 'FunctionsAuthorizerRole');
  const services = imagined.of('AWS::ECS::TaskDefinition').map(({ properties }) => properties.TaskRoleArn);
  const inStacks = imagined.of('AWS::IAM::Role').map(({ arn }) => arn);
  const ofCdk = rolesOfCdk(imagined.stage);
  return [
    ...by(provisioners, platformDatabases(imagined)),
    ...by(
      [...facingTheInternet, ...services],
      [...platformDatabases(imagined), ...tenantDatabases(imagined)],
    ),
    ...by([...provisioners, ...facingTheInternet, ...services], theKeyItself(imagined)),
    ...by(inStacks, moreRights(imagined)),
    ...by(ofCdk, pastTheFence(imagined)),
    ...by([...inStacks, ...ofCdk], [...otherStage(imagined), ...deployingOtherStage(imagined)]),
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
