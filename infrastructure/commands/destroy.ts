import { parseArgs } from 'node:util';
import { BackupClient } from '@aws-sdk/client-backup';
import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import { RDSClient } from '@aws-sdk/client-rds';
import { S3Client } from '@aws-sdk/client-s3';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SSMClient } from '@aws-sdk/client-ssm';
import { stageOf } from '../config/index.ts';
import { fenceNameOf, toolkitStackOf } from '../lib/constructs/names.ts';
import { deleteStacks } from '../lib/delete-stacks.ts';
import { removeLeftovers } from '../lib/leftovers/index.ts';
import { deleteLogGroups } from '../lib/leftovers/log-groups.ts';
import { resourcesIn } from '../lib/leftovers/stack-contents.ts';
import { announceAccount } from './account.ts';
import { command, progress } from './command.ts';
import { confirm } from './confirm.ts';
import { contextOf } from './context.ts';

// `npm run destroy -- -c stage=dev [--yes]`: takes a stage away with all that is in it. One that keeps its data is refused.
await command(async () => {
  const { values } = parseArgs({
    options: { context: { type: 'string', short: 'c', multiple: true }, yes: { type: 'boolean' } },
  });
  const stage = stageOf(contextOf(values.context).stage);
  if (stage.keepsData) throw new Error(`${stage.name} keeps its data, and is not destroyed by a command.`);
  await announceAccount(stage);
  if (!values.yes)
    await confirm(
      stage.name,
      `This deletes ${stage.name} and every tenant's data.`,
      'Where nobody can be asked: --yes.',
    );

  const { region } = stage;
  const clientsIn = (where: string) => ({
    backup: new BackupClient({ region: where }),
    cloudFormation: new CloudFormationClient({ region: where }),
    s3: new S3Client({ region: where }),
  });
  progress('Deleting what it made while it ran; a database server takes up to a quarter of an hour');
  const removed = await removeLeftovers(stage, {
    rds: new RDSClient({ region }),
    secretsManager: new SecretsManagerClient({ region }),
    ssm: new SSMClient({ region }),
  });
  for (const what of removed) progress(`Deleted ${what}`);
  const { cloudFormation } = clientsIn(region);
  const apis = (await resourcesIn(`kyo-${stage.name}-provisioning`, cloudFormation))
    .filter(({ type }) => type === 'AWS::ApiGateway::RestApi')
    .map(({ id }) => id);
  progress(
    'Deleting its stacks, the newest first: about an hour, most of it for CloudFront, functions in the VPC and servers',
  );
  await deleteStacks(stage, clientsIn, progress);
  for (const what of await deleteLogGroups(stage, apis, new CloudWatchLogsClient({ region })))
    progress(`Deleted ${what}`);
  process.stdout.write(
    `Kyo ${stage.name} is gone. What stays in the account costs nothing: the stacks ${toolkitStackOf(stage)} and the policy ` +
      `${fenceNameOf(stage)} that it is deployed with, service-linked roles, and the key, which AWS deletes after 30 days.\n`,
  );
});
