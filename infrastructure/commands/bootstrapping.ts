import { IAMClient } from '@aws-sdk/client-iam';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import type { Stage } from '../config/index.ts';
import { bootstrapArguments, putUpFence } from '../lib/bootstrap.ts';
import { cdk } from './cdk.ts';

/** Makes what a stage is deployed with, in each of its regions: its fence, then CDK's roles and buckets within it. */
export async function bootstrap(stage: Stage): Promise<void> {
  const { region } = stage;
  const { Account = '' } = await new STSClient({ region }).send(new GetCallerIdentityCommand());
  await putUpFence(stage, Account, new IAMClient({ region }));
  await cdk(...bootstrapArguments(stage, Account));
}
