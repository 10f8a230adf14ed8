import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import type { Stage } from '../config/index.ts';
import { progress } from './command.ts';

/** Says whose account it is, before anything happens to it. @throws {Error} when no credentials lead to one. */
export async function announceAccount({ name, region }: Stage): Promise<void> {
  const { Account, Arn } = await new STSClient({ region })
    .send(new GetCallerIdentityCommand())
    .catch((error: Error) => {
      throw new Error(
        `AWS does not know who you are (${error.message}). Sign in (aws sso login), or set AWS_PROFILE or AWS_ACCESS_KEY_ID, and try again.`,
      );
    });
  progress(`${name} in ${region}, account ${Account}, as ${Arn}`);
}
