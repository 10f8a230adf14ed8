import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import {
  CloudFormationClient,
  DescribeStacksCommand,
  GetTemplateCommand,
} from '@aws-sdk/client-cloudformation';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { waitFor } from '@kyong/embedded-servers';
import { root } from '../../lib/code/index.ts';
import { asReferences } from '../../lib/followed-values.ts';
import type { EmulatedCloud } from './deployment.ts';
import { credentialsOf, type RoleCredentials } from './roles.ts';

export interface RunningContainer {
  url: string;
  /** Its variables, secrets put in, as ECS would. */
  environment: Record<string, string>;
  /** The lines of its log so far. */
  log(): string[];
  stop(): Promise<void>;
}

const servicesStack = 'kyo-dev-services';
/** A second or two of work, on a machine that may have a lot of other work. */
const startWithinSeconds = 120;

/**
 * Runs a service as its deployed task definition says: what its image runs, with the environment that stands there, the secrets
 * read under its execution role, and the credentials of its task role. `changes` are for what the emulator has no data plane for.
 */
export async function runDeployedService(
  cloud: EmulatedCloud,
  name: string,
  changes: Record<string, string>,
): Promise<RunningContainer> {
  const task = await taskOf(cloud, name);
  const roles = {
    execution: await credentialsOf(cloud, servicesStack, roleIn(task.ExecutionRoleArn)),
    task: await credentialsOf(cloud, servicesStack, roleIn(task.TaskRoleArn)),
  };
  const environment = { ...(await deployedEnvironment(cloud, task, roles.execution)), ...changes };
  const child = spawn(process.execPath, ['src/main.ts'], {
    cwd: join(root, 'apps', name),
    env: {
      PATH: process.env.PATH,
      NODE_ENV: 'production',
      ...awsVariables(cloud, roles.task),
      ...environment,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let log = '';
  child.stdout?.on('data', (chunk: Buffer) => {
    log += chunk.toString();
  });
  let errors = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    errors += chunk.toString();
  });
  const url = `http://127.0.0.1:${environment.KYO_PORT}`;
  try {
    await waitFor(`Starting ${name}`, startWithinSeconds, async () => {
      if (child.exitCode !== null) throw new Error(`${name} ended:\n${errors}`);
      const answer = await fetch(`${url}/ready`).catch(() => undefined);
      return answer?.ok || undefined;
    });
  } catch (error) {
    await end(child);
    throw error;
  }
  return { url, environment, log: () => log.split('\n'), stop: () => end(child) };
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  child.kill('SIGTERM');
  await once(child, 'exit');
}

/** What the SDK finds its region, endpoint and credentials in. */
function awsVariables(
  { emulator, region }: EmulatedCloud,
  { accessKeyId, secretAccessKey, sessionToken }: RoleCredentials,
): Record<string, string> {
  return {
    AWS_REGION: region,
    AWS_ENDPOINT_URL: emulator.url,
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    AWS_SESSION_TOKEN: sessionToken,
  };
}

/** From the deployed template: what the emulator tells of a task definition leaves the secrets out. */
async function deployedEnvironment(
  { emulator, region }: EmulatedCloud,
  { ContainerDefinitions: [container] }: TaskDefinition,
  credentials: RoleCredentials,
): Promise<Record<string, string>> {
  const client = { endpoint: emulator.url, region };
  const cloudFormation = new CloudFormationClient({ ...client, credentials: emulator.credentials });
  const secretsManager = new SecretsManagerClient({ ...client, credentials });

  const textOf = async (value: Text): Promise<string> => {
    if (typeof value === 'string') return value;
    if ('Ref' in value) return emulator.accountId;
    if ('Fn::Join' in value) {
      const [separator, parts] = value['Fn::Join'];
      return (await Promise.all(parts.map(textOf))).join(separator);
    }
    const { StackName, OutputName } = value['Fn::GetStackOutput'];
    const { Stacks } = await cloudFormation.send(new DescribeStacksCommand({ StackName }));
    const output = Stacks?.[0]?.Outputs?.find(({ OutputKey }) => OutputKey === OutputName)?.OutputValue;
    if (output === undefined) throw new Error(`Stack ${StackName} has no output ${OutputName}.`);
    return output;
  };
  const secretOf = async (value: Text): Promise<string> => {
    const command = new GetSecretValueCommand({ SecretId: await textOf(value) });
    const { SecretString = '' } = await secretsManager.send(command);
    return SecretString;
  };
  return Object.fromEntries(
    await Promise.all([
      ...container.Environment.map(async ({ Name, Value }) => [Name, await textOf(Value)] as const),
      ...container.Secrets.map(async ({ Name, ValueFrom }) => [Name, await secretOf(ValueFrom)] as const),
    ]),
  );
}

type Text =
  | string
  | { Ref: 'AWS::AccountId' }
  | { 'Fn::Join': [string, Text[]] }
  | { 'Fn::GetStackOutput': { StackName: string; OutputName: string } };
interface TaskDefinition {
  ContainerDefinitions: [
    {
      Name: string;
      Environment: { Name: string; Value: Text }[];
      Secrets: { Name: string; ValueFrom: Text }[];
    },
  ];
  ExecutionRoleArn: RoleReference;
  TaskRoleArn: RoleReference;
}
interface RoleReference {
  'Fn::GetAtt': [string, string];
}

const roleIn = (reference: RoleReference) => reference['Fn::GetAtt'][0];

async function taskOf({ emulator, region }: EmulatedCloud, name: string): Promise<TaskDefinition> {
  const client = new CloudFormationClient({
    endpoint: emulator.url,
    region,
    credentials: emulator.credentials,
  });
  const { TemplateBody = '' } = await client.send(new GetTemplateCommand({ StackName: servicesStack }));
  const { Resources } = asReferences(JSON.parse(TemplateBody)) as {
    Resources: Record<string, { Properties: Partial<TaskDefinition> }>;
  };
  const task = Object.values(Resources)
    .map(({ Properties }) => Properties)
    .find(({ ContainerDefinitions }) => ContainerDefinitions?.[0]?.Name === name);
  if (!task) throw new Error(`No task definition has a container ${name}.`);
  return task as TaskDefinition;
}
