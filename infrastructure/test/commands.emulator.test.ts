import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CloudFormationClient, ListStacksCommand } from '@aws-sdk/client-cloudformation';
import { DescribeDBInstancesCommand, RDSClient } from '@aws-sdk/client-rds';
import { GetObjectCommand, ListBucketsCommand, S3Client } from '@aws-sdk/client-s3';
import { ListSecretsCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stageOf } from '../config/index.ts';
import { root } from '../lib/code/index.ts';
import { services } from '../lib/services/index.ts';
import { type Commands, commandsAgainst } from './emulator/commands.ts';
import { type EmulatedCloud, startEmulatedCloud } from './emulator/deployment.ts';

// The commands as a person types them; what they deploy is driven in deploy.emulator.test.ts.
const stage = stageOf('dev');
const revision = execFileSync('git', ['rev-parse', 'HEAD'], { cwd: root, encoding: 'utf8' }).trim();

let cloud: EmulatedCloud;
let commands: Commands;
/** What the first deployment said. */
let said: string;

beforeAll(async () => {
  cloud = await startEmulatedCloud(stage.region);
  commands = commandsAgainst(cloud);
  said = await commands.npmRun('deploy', '-c', 'stage=dev');
}, 900_000);
afterAll(() => cloud?.stop());

describe('the first deployment', () => {
  it('says what it will do and cost before it does it, and where Kyo is and what comes next when it has', () => {
    const order = [
      `• dev in ${stage.region}, account ${cloud.emulator.accountId}, as arn:`,
      `✅  Environment aws://${cloud.emulator.accountId}/${stage.region} bootstrapped`,
      '• What would change',
      '[+] AWS::RDS::DBInstance',
      '• Costs about USD 1',
      ...['delivery', 'network', 'data', 'services', 'edge', 'recovery'].map(
        (name) => `✅  kyo-dev-${name}\n`,
      ),
      'Kyo dev is at https://',
      'Next: npm run kyo -- smoke https://',
    ].map((text) => said.indexOf(text));
    expect(order, said).not.toContain(-1);
    expect(order, said).toEqual(order.toSorted((a, b) => a - b));
  });

  it('fills the site: a page at /, and the documentation', async () => {
    const s3 = new S3Client({ ...clientOptions(), forcePathStyle: true });
    const { Buckets = [] } = await s3.send(new ListBucketsCommand({}));
    const Bucket = Buckets.find(({ Name }) => Name?.includes('-site'))?.Name;
    for (const [Key, text] of [
      ['index.html', '<h1>Kyo</h1>'],
      ['docs/openapi.json', '/provision-tenant'],
    ]) {
      const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key }));
      expect(await Body?.transformToString()).toContain(text);
    }
  });

  it('is not begun without a stage', async () => {
    await expect(commands.npmRun('deploy')).rejects.toThrow('✗ Say which stage: -c stage=dev or prod.');
  });
});

describe('another deployment', () => {
  it('of the same changes nothing', async () => {
    const output = await commands.npmRun('deploy', '-c', 'stage=dev');
    expect(output).toContain('Number of stacks with differences: 0');
    expect(changedStacks(output)).toEqual([]);
  }, 900_000);

  it('of a commit rolls the services to the images that were pushed for it', async () => {
    const push = (name: string) =>
      commands.npmRun('push-image', name, '-c', 'stage=dev', '--revision', revision);
    const pushed: string[] = [];
    for (const { name } of services) {
      const output = await push(name);
      expect(output).toContain(`• Building ${name} for linux/arm64 with docker`);
      pushed.push(...(output.match(new RegExp(`^${name} sha256:[0-9a-f]{64}$`, 'm')) ?? []));
    }
    expect(pushed).toHaveLength(services.length);
    const again = await push(services[0]?.name ?? '');
    expect(again).toContain(pushed[0]);
    expect(again).not.toContain('Building');

    const outputs = join(cloud.directory, 'github-output');
    const args = ['-c', 'stage=dev', '--revision', revision, '--outputs', outputs];
    const changed = changedStacks(await commands.npmRun('deploy', ...args));
    expect(changed).toEqual(['kyo-dev-delivery', 'kyo-dev-services']);
    expect(readFileSync(outputs, 'utf8')).toMatch(/^url=https:\/\/\S+\n$/);
    const difference = await commands.npmRun('diff', '-c', 'stage=dev', '--markdown');
    expect(difference).toMatch(/^### dev: USD \d+ a month before traffic \(\+0\)$/m);
    expect(difference).toContain('Number of stacks with differences: 0');
    const back = ['-c', 'stage=dev', '--roll-back', '--outputs', outputs];
    await expect(commands.npmRun('deploy', ...back)).rejects.toThrow('no release to go back to');
  }, 900_000);

  it('destroyed when that was meant, leaves nothing', async () => {
    await expect(commands.npmRun('destroy', '-c', 'stage=prod', '--yes')).rejects.toThrow(
      'prod keeps its data',
    );
    await expect(commands.npmRun('destroy', '-c', 'stage=dev')).rejects.toThrow('--yes');
    await expect(commands.npmRunAnswering('yes', 'destroy', '-c', 'stage=dev')).rejects.toThrow(
      'Nothing was deleted.',
    );
    const output = await commands.npmRunAnswering('dev', 'destroy', '-c', 'stage=dev');
    expect(output).toContain('Deleted parameter /kyo/dev/release');
    expect(output).toContain('Kyo dev is gone.');
    expect(await whatIsLeft()).toEqual({
      stacks: ['CDKToolkit', 'CDKToolkit'],
      servers: [],
      secrets: [],
      buckets: [],
    });
    // What is gone can be destroyed again.
    expect(await commands.npmRun('destroy', '-c', 'stage=dev', '--yes')).toContain('Kyo dev is gone.');
  }, 900_000);
});

/** The stacks of a deployment that it did something to. */
function changedStacks(output: string): string[] {
  const done = [...output.matchAll(/✅ +(kyo-\S+)( \(no changes\))?/g)];
  expect(done).toHaveLength(11);
  return done.flatMap(([, name = '', unchanged]) => (unchanged === undefined ? [name] : []));
}

/** In the account, but for the buckets of CDK itself. */
async function whatIsLeft() {
  const options = clientOptions();
  const stacks = await Promise.all(
    [stage.region, 'us-east-1'].map(async (region) => {
      const client = new CloudFormationClient({ ...options, region });
      const { StackSummaries = [] } = await client.send(new ListStacksCommand({}));
      return StackSummaries.filter(({ StackStatus }) => StackStatus !== 'DELETE_COMPLETE');
    }),
  );
  const { DBInstances = [] } = await new RDSClient(options).send(new DescribeDBInstancesCommand({}));
  const { SecretList = [] } = await new SecretsManagerClient(options).send(new ListSecretsCommand({}));
  const { Buckets = [] } = await new S3Client(options).send(new ListBucketsCommand({}));
  return {
    stacks: stacks.flat().map(({ StackName }) => StackName),
    servers: DBInstances.map(({ DBInstanceIdentifier }) => DBInstanceIdentifier),
    secrets: SecretList.map(({ Name }) => Name),
    buckets: Buckets.map(({ Name }) => Name).filter((name) => !name?.startsWith('cdk-')),
  };
}

function clientOptions() {
  const { url: endpoint, credentials } = cloud.emulator;
  return { endpoint, credentials, region: stage.region };
}
