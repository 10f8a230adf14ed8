import type { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import type { ECRClient } from '@aws-sdk/client-ecr';
import type { SSMClient } from '@aws-sdk/client-ssm';
import type { Stage } from '../config/index.ts';
import { digestOf, repositoriesOf } from './image-repositories.ts';
import { imagesOf } from './images.ts';
import { type Release, releaseBefore, releasesOf } from './releases.ts';

export interface DeploymentOptions {
  /** `-c images=…`, as it came. */
  images?: string | undefined;
  /** The commit whose images are wanted. */
  revision?: string | undefined;
  rollBack?: boolean | undefined;
}

export interface DeploymentClients {
  cloudFormation: CloudFormationClient;
  ecr: ECRClient;
  ssm: SSMClient;
}

/** A release that has run has its pages; a new one gets them. */
export type WantedRelease = Omit<Release, 'site'> & Partial<Pick<Release, 'site'>>;

/**
 * Which images a deployment is of: those of a commit, and for services it did not change those that run; the ones before, to
 * roll back; the ones named; or none, and then they are built from the code at hand.
 * @throws {Error} that says what is missing.
 */
export async function imagesToDeploy(
  stage: Stage,
  { images, revision, rollBack = false }: DeploymentOptions,
  { cloudFormation, ecr, ssm }: DeploymentClients,
): Promise<WantedRelease | undefined> {
  if ([images !== undefined, revision !== undefined, rollBack].filter(Boolean).length > 1)
    throw new RangeError('-c images, --revision and --roll-back exclude each other.');
  if (rollBack) return releaseBefore(await releasesOf(stage, ssm));
  if (images !== undefined) return { revision: 'named', images: imagesOf(images) };
  if (revision === undefined) return undefined;

  const running = (await releasesOf(stage, ssm)).at(-1)?.images ?? {};
  const repositories = Object.entries(await repositoriesOf(stage, cloudFormation));
  const found = await Promise.all(
    repositories.map(async ([service, uri]) => {
      const digest = (await digestOf(uri, revision, ecr)) ?? running[service];
      if (digest === undefined)
        throw new Error(
          `There is no image of ${service} for ${revision}: npm run push-image -- ${service} -c stage=${stage.name}.`,
        );
      return [service, digest] as const;
    }),
  );
  return { revision, images: Object.fromEntries(found) };
}
