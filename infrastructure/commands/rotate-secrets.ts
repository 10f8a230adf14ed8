import { parseArgs } from 'node:util';
import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { ECSClient } from '@aws-sdk/client-ecs';
import { ElastiCacheClient } from '@aws-sdk/client-elasticache';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { stageOf } from '../config/index.ts';
import { rotateSecrets } from '../lib/rotation.ts';
import { announceAccount } from './account.ts';
import { command, progress } from './command.ts';
import { contextOf } from './context.ts';

// `npm run rotate-secrets -- -c stage=dev`: new logins for every service and function, while they work.
await command(async () => {
  const { values } = parseArgs({ options: { context: { type: 'string', short: 'c', multiple: true } } });
  const stage = stageOf(contextOf(values.context).stage);
  await announceAccount(stage);
  const { region } = stage;
  await rotateSecrets(
    stage,
    {
      cloudFormation: new CloudFormationClient({ region }),
      ecs: new ECSClient({ region }),
      elastiCache: new ElastiCacheClient({ region }),
      lambda: new LambdaClient({ region }),
      secretsManager: new SecretsManagerClient({ region }),
    },
    progress,
  );
});
