import {
  CreatePolicyCommand,
  CreatePolicyVersionCommand,
  DeletePolicyVersionCommand,
  EntityAlreadyExistsException,
  type IAMClient,
  ListPolicyVersionsCommand,
} from '@aws-sdk/client-iam';
import type { Stage } from '../config/index.ts';
import { fenceNameOf, qualifierOf, regionsOf, toolkitStackOf } from './constructs/names.ts';
import { fenceOf } from './fence.ts';

/** How CDK's command line is asked for what a stage is deployed with: roles and buckets of its own in each region, within its fence. */
export const bootstrapArguments = (stage: Stage, accountId: string): string[] => [
  'bootstrap',
  ...regionsOf(stage).map((region) => `aws://${accountId}/${region}`),
  // That of cdk.json would be run for nothing.
  '--app=',
  '--qualifier',
  qualifierOf(stage),
  '--toolkit-stack-name',
  toolkitStackOf(stage),
  '--custom-permissions-boundary',
  fenceNameOf(stage),
  '--apply-permissions-boundary-to-all-roles',
];

/** IAM keeps five versions of a policy. */
const mostVersions = 5;

/** Puts the fence up, or changes it to what it should be: under a person's rights, since no role of the stage may. */
export async function putUpFence(stage: Stage, accountId: string, iam: IAMClient): Promise<void> {
  const PolicyName = fenceNameOf(stage);
  const PolicyDocument = JSON.stringify(fenceOf(stage));
  const Description = `Kyo ${stage.name}: bounds every role of the stage`;
  try {
    await iam.send(new CreatePolicyCommand({ PolicyName, PolicyDocument, Description }));
  } catch (error) {
    if (!(error instanceof EntityAlreadyExistsException)) throw error;
    const PolicyArn = `arn:aws:iam::${accountId}:policy/${PolicyName}`;
    const { Versions = [] } = await iam.send(new ListPolicyVersionsCommand({ PolicyArn }));
    const oldest = Versions.filter(({ IsDefaultVersion }) => !IsDefaultVersion).at(-1);
    if (Versions.length >= mostVersions && oldest)
      await iam.send(new DeletePolicyVersionCommand({ PolicyArn, VersionId: oldest.VersionId }));
    await iam.send(new CreatePolicyVersionCommand({ PolicyArn, PolicyDocument, SetAsDefault: true }));
  }
}
