import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  CloudFormationClient,
  DescribeStacksCommand,
  GetTemplateCommand,
  ListStacksCommand,
  UpdateStackCommand,
  waitUntilStackUpdateComplete,
} from '@aws-sdk/client-cloudformation';
import { CloudWatchLogsClient, DescribeLogGroupsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { DescribeTaskDefinitionCommand, ECSClient, ListTaskDefinitionsCommand } from '@aws-sdk/client-ecs';
import { DescribeDBInstancesCommand, DescribeDBSnapshotsCommand, RDSClient } from '@aws-sdk/client-rds';
import { GetObjectCommand, ListBucketsCommand, S3Client } from '@aws-sdk/client-s3';
import { ListSecretsCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { DescribeParametersCommand, SSMClient } from '@aws-sdk/client-ssm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stageOf } from '../config/index.ts';
import { root } from '../lib/code/index.ts';
import { toolkitStackOf } from '../lib/constructs/names.ts';
import { services } from '../lib/services/index.ts';
import { synthesize } from '../lib/synthesize.ts';
import { type AccountStanding, startAccountStanding } from './emulator/account-standing.ts';
import { cdkAgainst } from './emulator/cdk.ts';
import { type Commands, commandsAgainst } from './emulator/commands.ts';
import { type EmulatedCloud, startEmulatedCloud } from './emulator/deployment.ts';
import { githubCredentials } from './emulator/roles.ts';

// The commands as a person types them; what they deploy is driven in deploy.emulator.test.ts.
const stage = stageOf('dev');
const github = {
  deploySubject: 'repo:studio/kyo:environment:dev',
  pullRequestSubject: 'repo:studio/kyo:pull_request',
};
/** Logical id of the cache. */
const cacheGroup = 'ValkeyGroupC2F08A48';
const revision = execFileSync('git', ['rev-parse', 'HEAD'], { cwd: root, encoding: 'utf8' }).trim();

let cloud: EmulatedCloud;
let standing: AccountStanding;
let commands: Commands;
/** What a deployment said that found too little room, and what there was then. */
let refused: { said: string; left: Awaited<ReturnType<typeof whatIsLeft>> };
/** What the first deployment said. */
let said: string;

beforeAll(async () => {
  cloud = await startEmulatedCloud(stage.region);
  standing = await startAccountStanding(1);
  commands = commandsAgainst(cloud, standing);
  const deployed = commands.npmRun('deploy', '-c', 'stage=dev');
  refused = { said: await deployed.catch(({ message }: Error) => message), left: await whatIsLeft() };
  standing.quota = 64;
  said = await commands.npmRun('deploy', '-c', 'stage=dev');
}, 900_000);
afterAll(async () => {
  standing?.close();
  await cloud?.stop();
});

it('an account with too little room is told so, and nothing is created', () => {
  expect(refused.said).toContain('✗ quota of VPCs: the stage needs 1 more VPCs, and 0 are free');
  expect(refused.said).toContain('--service-code vpc --quota-code L-F678F1CE');
  expect(refused.said).toMatch(/✗ \d of \d+ checks failed, and nothing was created/);
  expect(refused.left).toEqual({
    stacks: [],
    servers: [],
    secrets: [],
    buckets: [],
    parameters: [],
    logGroups: [],
    snapshots: [],
  });
});

describe('the first deployment', () => {
  it('says what it will do and cost before it does it, and where Kyo is and what comes next when it has', () => {
    const order = [
      `✓ account: dev in ${stage.region}, account ${cloud.emulator.accountId}, as arn:`,
      '• Made the service-linked role of ecs.amazonaws.com',
      '• What would change',
      '[+] AWS::RDS::DBInstance',
      '• Costs about USD 1',
      `✅  Environment aws://${cloud.emulator.accountId}/${stage.region} bootstrapped`,
      ...['network', 'data', 'services', 'edge', 'outside'].map((name) => `✅  kyo-dev-${name}\n`),
      'Kyo dev is at https://',
      'Next: npm run kyo -- smoke https://',
    ].map((text) => said.indexOf(text));
    expect(order, said).not.toContain(-1);
    expect(order, said).toEqual(order.toSorted((a, b) => a - b));
    expect(said).not.toContain('could not be looked at');
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
    expect(output).not.toContain('Bootstrapping');
    expect(changedStacks(output)).toEqual([]);
  }, 900_000);

  it('of a commit, by GitHub Actions, rolls the services to the images that were pushed for it', async () => {
    await deployRolesOfGithub();
    const [build, deploy, diff] = await Promise.all([
      githubCredentials(cloud, 'BuildRole', github.deploySubject),
      githubCredentials(cloud, 'DeployRole', github.deploySubject),
      githubCredentials(cloud, 'DiffRole', github.pullRequestSubject),
    ]);
    await expect(githubCredentials(cloud, 'DeployRole', github.pullRequestSubject)).rejects.toThrow(
      'Not authorized to perform sts:AssumeRoleWithWebIdentity',
    );
    const push = (name: string) =>
      commands.as(build).npmRun('push-image', name, '-c', 'stage=dev', '--revision', revision);
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
    const said = await commands.as(deploy).npmRun('deploy', ...args);
    expect(said).not.toContain('could not be looked at');
    // The edge takes back what it published for the roles' stack, which this repository's stage does not have.
    expect(changedStacks(said).sort()).toEqual(['kyo-dev-delivery', 'kyo-dev-edge', 'kyo-dev-services']);
    expect(readFileSync(outputs, 'utf8')).toMatch(/^url=https:\/\/\S+\n$/);
    const difference = await commands.as(diff).npmRun('diff', '-c', 'stage=dev', '--markdown');
    expect(difference).toMatch(/^### dev: USD \d+ a month \(\+0\)$/m);
    expect(difference).toContain('Number of stacks with differences: 0');
    const back = ['-c', 'stage=dev', '--roll-back', '--outputs', outputs];
    await expect(commands.as(deploy).npmRun('deploy', ...back)).rejects.toThrow('no release to go back to');
  }, 900_000);

  it('puts nothing empty in the place of what holds data before that is meant, and then all follow it', async () => {
    const before = await cacheAddress();
    await changeBehindItsBack('kyo-dev-cache', (template) => {
      template.Resources[cacheGroup].Properties.Port = 6380;
    });
    const deploy = () => commands.npmRun('deploy', '-c', 'stage=dev', '--revision', revision);
    await expect(deploy()).rejects.toThrow(
      `cache: ${cacheGroup} (AWS::ElastiCache::ReplicationGroup) is replaced by an empty one (Port)`,
    );
    await expect(deploy()).rejects.toThrow(`--replace ${cacheGroup}`);
    const output = await commands.npmRun(
      ...(['deploy', '-c', 'stage=dev', '--revision', revision, '--replace', cacheGroup] as const),
    );
    expect(changedStacks(output).sort()).toEqual([
      'kyo-dev-cache',
      // Alarms go by its nodes.
      'kyo-dev-monitoring',
      'kyo-dev-services',
    ]);
    const after = await cacheAddress();
    expect(after).not.toBe(before);
    for (const { name } of services) expect((await variablesOf(name)).join()).toContain(`${after}:6379`);
  }, 900_000);

  it('destroyed when that was meant, leaves nothing', async () => {
    await expect(commands.npmRun('destroy', '-c', 'stage=prod', '--yes')).rejects.toThrow(
      'prod keeps its data',
    );
    await expect(commands.npmRun('destroy', '-c', 'stage=dev')).rejects.toThrow('--yes');
    await expect(commands.npmRunAnswering('yes', 'destroy', '-c', 'stage=dev')).rejects.toThrow(
      'Nothing was changed.',
    );
    const output = await commands.npmRunAnswering('dev', 'destroy', '-c', 'stage=dev');
    expect(output).toContain('Deleted parameter /kyo/dev/release');
    expect(output).toContain('Kyo dev is gone.');
    expect(await whatIsLeft()).toEqual({
      stacks: [toolkitStackOf(stage), toolkitStackOf(stage)],
      servers: [],
      secrets: [],
      buckets: [],
      parameters: [],
      logGroups: [],
      snapshots: [],
    });
    // What is gone can be destroyed again.
    expect(await commands.npmRun('destroy', '-c', 'stage=dev', '--yes')).toContain('Kyo dev is gone.');
  }, 900_000);
});

/** Which repository there is is no value of this one. */
async function deployRolesOfGithub(): Promise<void> {
  const code = join(root, 'cdk.out', '.functions', stage.name);
  const { directory } = synthesize({ ...stage, github }, code, join(cloud.directory, 'github'));
  // With the stacks before it, which publish what it asks for.
  const options = ['--require-approval', 'never', '--concurrency', '4', '--app', directory];
  await cdkAgainst(cloud.emulator)('deploy', 'kyo-dev-github', ...options);
}

/** The stacks of a deployment that it did something to. */
function changedStacks(output: string): string[] {
  const done = [...output.matchAll(/✅ +(kyo-\S+)( \(no changes\))?/g)];
  expect(done).toHaveLength(12);
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
  const { Parameters = [] } = await new SSMClient(options).send(new DescribeParametersCommand({}));
  const { logGroups = [] } = await new CloudWatchLogsClient(options).send(new DescribeLogGroupsCommand({}));
  const { DBSnapshots = [] } = await new RDSClient(options).send(new DescribeDBSnapshotsCommand({}));
  return {
    stacks: stacks.flat().map(({ StackName }) => StackName),
    servers: DBInstances.map(({ DBInstanceIdentifier }) => DBInstanceIdentifier),
    secrets: SecretList.map(({ Name }) => Name),
    buckets: Buckets.map(({ Name }) => Name).filter((name) => !name?.startsWith('cdk-')),
    parameters: Parameters.map(({ Name }) => Name).filter((name) => !name?.startsWith('/cdk-bootstrap/')),
    logGroups: logGroups.map(({ logGroupName }) => logGroupName),
    snapshots: DBSnapshots.map(({ DBSnapshotIdentifier }) => DBSnapshotIdentifier),
  };
}

/** As a person in the console, or another tool. */
async function changeBehindItsBack(
  StackName: string,
  // biome-ignore lint/suspicious/noExplicitAny: a template is as deep as CloudFormation itself.
  change: (template: any) => void,
): Promise<void> {
  const client = new CloudFormationClient(clientOptions());
  const { TemplateBody = '' } = await client.send(new GetTemplateCommand({ StackName }));
  const template = JSON.parse(TemplateBody);
  change(template);
  const Capabilities = ['CAPABILITY_IAM' as const];
  await client.send(
    new UpdateStackCommand({ StackName, TemplateBody: JSON.stringify(template), Capabilities }),
  );
  await waitUntilStackUpdateComplete({ client, maxWaitTime: 60, minDelay: 1 }, { StackName });
}

async function cacheAddress(): Promise<string> {
  const client = new CloudFormationClient(clientOptions());
  const { Stacks } = await client.send(new DescribeStacksCommand({ StackName: 'kyo-dev-cache' }));
  const address = Stacks?.[0]?.Outputs?.find(({ OutputKey }) => OutputKey?.includes('ConfigurationEndPoint'));
  return address?.OutputValue ?? '';
}

/** Of the container, as ECS would start it. */
async function variablesOf(service: string): Promise<string[]> {
  const client = new ECSClient(clientOptions());
  const { taskDefinitionArns = [] } = await client.send(new ListTaskDefinitionsCommand({ status: 'ACTIVE' }));
  const definitions = await Promise.all(
    taskDefinitionArns.map((taskDefinition) =>
      client.send(new DescribeTaskDefinitionCommand({ taskDefinition })),
    ),
  );
  const containers = definitions.flatMap(({ taskDefinition }) => taskDefinition?.containerDefinitions ?? []);
  return containers
    .filter(({ name }) => name === service)
    .flatMap(({ environment = [] }) => environment.map(({ value = '' }) => value));
}

function clientOptions() {
  const { url: endpoint, credentials } = cloud.emulator;
  return { endpoint, credentials, region: stage.region };
}
