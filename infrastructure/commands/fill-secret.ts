import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { parseArgs } from 'node:util';
import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { ECSClient, UpdateServiceCommand } from '@aws-sdk/client-ecs';
import { PutSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { type Stage, stageOf } from '../config/index.ts';
import { otp } from '../lib/services/otp.ts';
import { announceAccount } from './account.ts';
import { command, progress } from './command.ts';
import { contextOf } from './context.ts';

/** What operators fill in: the output that names the secret, what is asked for, and the text that the service reads. */
const secrets: Record<string, { output: string; questions: string[]; textOf(answers: string[]): string }> = {
  mitake: {
    output: 'MitakeAccountArn',
    questions: ['User name', 'Password'],
    textOf: ([username, password]) => JSON.stringify({ username, password }),
  },
  turnstile: {
    output: 'TurnstileSecretArn',
    questions: ['Secret key'],
    textOf: ([key = '']) => key,
  },
};

// `npm run fill-secret -- -c stage=prod mitake`: asks for a provider's account, or reads it from the input, a line for each
// part, and has the service start with it.
await command(async () => {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { context: { type: 'string', short: 'c', multiple: true } },
  });
  const stage = stageOf(contextOf(values.context).stage);
  const [name = ''] = positionals;
  const secret = secrets[name];
  if (!secret)
    throw new RangeError(`Say which: ${Object.keys(secrets).join(' or ')}${name && ` (not "${name}")`}.`);
  await announceAccount(stage);
  const data = await outputsOf(stage, 'data');
  const SecretId = data.get(secret.output);
  if (SecretId === undefined)
    throw new Error(
      `${stage.name} as it is deployed has no use for it: see messages in infrastructure/config.`,
    );

  const SecretString = secret.textOf(await answersTo(secret.questions));
  const { region } = stage;
  await new SecretsManagerClient({ region }).send(new PutSecretValueCommand({ SecretId, SecretString }));
  const services = await outputsOf(stage, 'services');
  const { [otp.name]: service } = JSON.parse(services.get('Services') ?? '{}') as Record<string, string>;
  const replacement = { cluster: services.get('ClusterName'), service, forceNewDeployment: true };
  await new ECSClient({ region }).send(new UpdateServiceCommand(replacement));
  progress('The service is being replaced, task by task, by one that has it: about three minutes.');
});

async function outputsOf({ name, region }: Stage, stack: string): Promise<Map<string, string>> {
  const command = new DescribeStacksCommand({ StackName: `kyo-${name}-${stack}` });
  const { Stacks } = await new CloudFormationClient({ region }).send(command);
  return new Map(
    Stacks?.[0]?.Outputs?.map(({ OutputKey = '', OutputValue = '' }) => [OutputKey, OutputValue]),
  );
}

/** On a terminal without an echo. @throws {Error} when one is empty. */
async function answersTo(questions: string[]): Promise<string[]> {
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const terminal = createInterface({
    input: process.stdin,
    output: silent,
    terminal: process.stdin.isTTY === true,
  });
  const lines = terminal[Symbol.asyncIterator]();
  const answers: string[] = [];
  for (const question of questions) {
    if (process.stdin.isTTY) process.stderr.write(`${question} (not shown): `);
    const { value = '' } = (await lines.next()) as { value?: string };
    if (process.stdin.isTTY) process.stderr.write('\n');
    if (value.trim() === '') throw new Error(`${question}: nothing was given, and nothing is changed.`);
    answers.push(value.trim());
  }
  terminal.close();
  return answers;
}
