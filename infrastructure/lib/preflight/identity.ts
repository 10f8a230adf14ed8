import { GetCallerIdentityCommand } from '@aws-sdk/client-sts';
import type { Check } from './check.ts';

/** Whose account it is, before anything happens to it. */
export const identityCheck: Check = {
  name: 'account',
  async look({ stage, clients }) {
    try {
      const { Account, Arn } = await clients.sts.send(new GetCallerIdentityCommand({}));
      return [{ level: 'ok', detail: `${stage.name} in ${stage.region}, account ${Account}, as ${Arn}` }];
    } catch (error) {
      return [
        {
          level: 'error',
          detail: `AWS does not know who you are (${(error as Error).message})`,
          remedy: 'Sign in (aws sso login), or set AWS_PROFILE or AWS_ACCESS_KEY_ID, and try again.',
        },
      ];
    }
  },
};
