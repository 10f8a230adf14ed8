import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { RDSClient } from '@aws-sdk/client-rds';
import { S3Client } from '@aws-sdk/client-s3';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { stageOf } from '../config/index.ts';
import { buildFunctions, root } from '../lib/code/index.ts';
import { removeLeftovers } from '../lib/leftovers.ts';
import { synthesize } from '../lib/synthesize.ts';
import { cdk } from './cdk.ts';
import { contextOf } from './context.ts';

// `npm run destroy -- -c stage=dev`: takes a stage away with all that is in it. One that keeps its data is refused.
const { values } = parseArgs({ options: { context: { type: 'string', short: 'c', multiple: true } } });
const stage = stageOf(contextOf(values.context).stage);

try {
  if (stage.keepsData) throw new Error(`${stage.name} keeps its data, and is not destroyed by a command.`);
  const code = await buildFunctions(join(root, 'cdk.out', '.functions', stage.name));
  const { directory, stacks } = synthesize(stage, code, join(root, 'cdk.out', stage.name));
  const { region } = stage;
  const here = stacks
    .filter((stack) => stack.environment.region === region)
    .map(({ stackName }) => stackName);
  const removed = await removeLeftovers(stage, here, {
    cloudFormation: new CloudFormationClient({ region }),
    rds: new RDSClient({ region }),
    s3: new S3Client({ region }),
    secretsManager: new SecretsManagerClient({ region }),
  });
  for (const what of removed) process.stderr.write(`• Deleted ${what}\n`);
  await cdk('destroy', '--all', '--app', directory);
} catch (error) {
  process.stderr.write(`✗ ${(error as Error).message}\n`);
  process.exitCode = 1;
}
