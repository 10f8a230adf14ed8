import { GetParameterCommand, type SSMClient } from '@aws-sdk/client-ssm';
import type { Stage } from '../../config/index.ts';
import { bootstrapVersionParameterOf, regionsOf } from '../constructs/names.ts';
import { type Check, ok } from './check.ts';

/** What the stacks' own rule `CheckBootstrapVersion` asks for. */
const oldestVersion = 6;

/** Version of what CDK needs in a region; none where it has not been bootstrapped. */
export async function bootstrapVersionIn(stage: Stage, ssm: SSMClient): Promise<number | undefined> {
  try {
    const command = new GetParameterCommand({ Name: bootstrapVersionParameterOf(stage) });
    return Number((await ssm.send(command)).Parameter?.Value);
  } catch (error) {
    if ((error as Error).name === 'ParameterNotFound') return undefined;
    throw error;
  }
}

export const bootstrapCheck: Check = {
  name: 'CDK bootstrap',
  async look({ stage, clients }) {
    const regions = regionsOf(stage);
    const versions = await Promise.all(
      regions.map((region) => bootstrapVersionIn(stage, clients.ssmIn(region))),
    );
    const missing = regions.filter((_, index) => (versions[index] ?? 0) < oldestVersion);
    if (missing.length === 0)
      return ok(`${regions.join(', ')}: version ${Math.min(...(versions as number[]))}`);
    return [
      {
        level: 'warning',
        detail: `not in ${missing.join(', ')}`,
        remedy:
          'A deployment makes it, once an account and region. A role that may not (CI): as an administrator, ' +
          `npm run bootstrap -- -c stage=${stage.name}`,
      },
    ];
  },
};
