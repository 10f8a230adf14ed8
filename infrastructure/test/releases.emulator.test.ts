import { CloudFormationClient, CreateStackCommand } from '@aws-sdk/client-cloudformation';
import { CreateRepositoryCommand, ECRClient, PutImageCommand } from '@aws-sdk/client-ecr';
import { SSMClient } from '@aws-sdk/client-ssm';
import { type AwsEmulator, startAwsEmulator } from '@kyong/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { stageOf } from '../config/index.ts';
import { type DeploymentClients, imagesToDeploy } from '../lib/images-to-deploy.ts';
import { recordRelease, releaseBefore, releasesOf } from '../lib/releases.ts';

const stage = stageOf('dev');
const service = 'kyo-otp-service';
let emulator: AwsEmulator;
let clients: DeploymentClients;

beforeAll(async () => {
  emulator = await startAwsEmulator();
  const { url: endpoint, region, credentials } = emulator;
  const options = { endpoint, region, credentials };
  clients = {
    cloudFormation: new CloudFormationClient(options),
    ecr: new ECRClient(options),
    ssm: new SSMClient(options),
  };
});
afterAll(() => emulator?.stop());

test('a stage is deployed with the images of a commit, keeps what the commit did not change, and goes back', async () => {
  await expect(imagesToDeploy(stage, { revision: 'first' }, clients)).rejects.toThrow(
    /has no repositories yet/,
  );
  await expect(imagesToDeploy(stage, { rollBack: true }, clients)).rejects.toThrow(
    /no release to go back to/,
  );
  await deployDelivery();
  await expect(imagesToDeploy(stage, { revision: 'first' }, clients)).rejects.toThrow(/push-image/);

  const first = { revision: 'first', images: { [service]: await push('first') }, site: 'pages' };
  const { site, ...wanted } = first;
  expect(await imagesToDeploy(stage, { revision: 'first' }, clients)).toEqual(wanted);
  await recordRelease(stage, first, clients.ssm);
  await recordRelease(stage, first, clients.ssm);
  expect(await releasesOf(stage, clients.ssm)).toEqual([first]);

  const unchanged = await imagesToDeploy(stage, { revision: 'another-service' }, clients);
  expect(unchanged?.images).toEqual(first.images);

  const second = { revision: 'second', images: { [service]: await push('second') }, site };
  await recordRelease(stage, second, clients.ssm);
  expect(await imagesToDeploy(stage, { rollBack: true }, clients)).toEqual(first);
});

test('going back twice leads further back, and never forward again', () => {
  const [a, b, c] = ['a', 'b', 'c'].map((revision) => ({
    revision,
    images: { [service]: revision },
    site: 'pages',
  }));
  if (!a || !b || !c) throw new RangeError();
  expect(releaseBefore([a, b, c])).toBe(b);
  expect(releaseBefore([a, b, c, b])).toBe(a);
  expect(() => releaseBefore([a, b, c, b, a])).toThrow(/no release to go back to/);
  const newPages = { ...a, site: 'other pages' };
  expect(releaseBefore([a, newPages])).toBe(a);
});

test('the ways to name images exclude each other', async () => {
  await expect(imagesToDeploy(stage, { revision: 'first', rollBack: true }, clients)).rejects.toThrow(
    /exclude/,
  );
  expect(await imagesToDeploy(stage, {}, clients)).toBeUndefined();
});

async function deployDelivery(): Promise<void> {
  const { repository } = await clients.ecr.send(new CreateRepositoryCommand({ repositoryName: service }));
  await clients.cloudFormation.send(
    new CreateStackCommand({
      StackName: 'kyo-dev-delivery',
      TemplateBody: JSON.stringify({
        Resources: { Topic: { Type: 'AWS::SNS::Topic' } },
        Outputs: { Repositories: { Value: JSON.stringify({ [service]: repository?.repositoryUri }) } },
      }),
    }),
  );
}

async function push(imageTag: string): Promise<string> {
  const { image } = await clients.ecr.send(
    new PutImageCommand({
      repositoryName: service,
      imageTag,
      imageManifest: JSON.stringify({ schemaVersion: 2, tag: imageTag }),
    }),
  );
  return image?.imageId?.imageDigest ?? '';
}
