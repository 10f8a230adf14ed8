import { join } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { parseArgs } from 'node:util';
import { BackupClient } from '@aws-sdk/client-backup';
import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { RDSClient } from '@aws-sdk/client-rds';
import { S3Client } from '@aws-sdk/client-s3';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SSMClient } from '@aws-sdk/client-ssm';
import { type Stage, stageOf } from '../config/index.ts';
import { buildFunctions, root } from '../lib/code/index.ts';
import { removeLeftovers } from '../lib/leftovers/index.ts';
import { synthesize } from '../lib/synthesize.ts';
import { announceAccount } from './account.ts';
import { cdk } from './cdk.ts';
import { command, progress } from './command.ts';
import { contextOf } from './context.ts';

// `npm run destroy -- -c stage=dev [--yes]`: takes a stage away with all that is in it. One that keeps its data is refused.
await command(async () => {
  const { values } = parseArgs({
    options: { context: { type: 'string', short: 'c', multiple: true }, yes: { type: 'boolean' } },
  });
  const stage = stageOf(contextOf(values.context).stage);
  if (stage.keepsData) throw new Error(`${stage.name} keeps its data, and is not destroyed by a command.`);
  await announceAccount(stage);
  if (!values.yes) await confirm(stage);

  const code = await buildFunctions(join(root, 'cdk.out', '.functions', stage.name));
  const { directory, stacks } = synthesize(stage, code, join(root, 'cdk.out', stage.name));
  const { region } = stage;
  const here = stacks
    .filter((stack) => stack.environment.region === region)
    .map(({ stackName }) => stackName);
  progress('Deleting what it made while it ran; a database server takes up to a quarter of an hour');
  const removed = await removeLeftovers(stage, here, {
    backup: new BackupClient({ region }),
    cloudFormation: new CloudFormationClient({ region }),
    rds: new RDSClient({ region }),
    s3: new S3Client({ region }),
    secretsManager: new SecretsManagerClient({ region }),
    ssm: new SSMClient({ region }),
  });
  for (const what of removed) progress(`Deleted ${what}`);
  await cdk('destroy', '--all', '--force', '--app', directory);
  process.stdout.write(
    `Kyo ${stage.name} is gone. What CDK needs for any stage stays in the account: the stack CDKToolkit.\n`,
  );
});

/** Before anything is gone. @throws {Error} unless the name of the stage is the answer. */
async function confirm({ name }: Stage): Promise<void> {
  if (!process.stdin.isTTY)
    throw new Error(`This deletes ${name} and every tenant's data. Where nobody can be asked: --yes.`);
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  const answer = await terminal.question(
    `This deletes ${name} and every tenant's data. Type ${name} to go on: `,
  );
  terminal.close();
  if (answer.trim() !== name) throw new Error('Nothing was deleted.');
}
