import { type CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { DescribeImagesCommand, type ECRClient } from '@aws-sdk/client-ecr';
import { z } from 'zod';
import type { Stage } from '../config/index.ts';

const repositories = z.record(z.string(), z.string());

/** Where the images of each service are, by its name. @throws {Error} when the stage has not been deployed yet. */
export async function repositoriesOf(
  { name }: Stage,
  cloudFormation: CloudFormationClient,
): Promise<Record<string, string>> {
  const command = new DescribeStacksCommand({ StackName: `kyo-${name}-delivery` });
  const { Stacks } = await cloudFormation.send(command).catch((error: Error) => {
    throw new Error(
      `${name} has no repositories yet (${error.message}). Deploy it once: npm run deploy -- -c stage=${name}.`,
    );
  });
  const output = Stacks?.[0]?.Outputs?.find(({ OutputKey }) => OutputKey === 'Repositories')?.OutputValue;
  return repositories.parse(JSON.parse(output ?? '{}'));
}

/** Digest of the image that was pushed for this commit, if there is one. */
export async function digestOf(
  repositoryUri: string,
  revision: string,
  ecr: ECRClient,
): Promise<string | undefined> {
  const [, repositoryName] = /^[^/]+\/(.+)$/.exec(repositoryUri) ?? [];
  const command = new DescribeImagesCommand({ repositoryName, imageIds: [{ imageTag: revision }] });
  const { imageDetails } = await ecr.send(command).catch((error: Error) => {
    if (error.name === 'ImageNotFoundException') return { imageDetails: [] };
    throw error;
  });
  return imageDetails?.[0]?.imageDigest;
}
