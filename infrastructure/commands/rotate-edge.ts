import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { CloudFrontClient } from '@aws-sdk/client-cloudfront';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { WAFV2Client } from '@aws-sdk/client-wafv2';
import { type Stage, stageOf } from '../config/index.ts';
import { edgeRegion } from '../lib/constructs/names.ts';
import { type Edge, rotateEdgeSecret } from '../lib/edge-secret.ts';
import { announceAccount } from './account.ts';
import { command, progress } from './command.ts';
import { contextOf } from './context.ts';

/** A firewall's change is everywhere within minutes at most (AWS WAF Developer Guide, "Web ACLs": temporary inconsistencies). */
const settleSeconds = 120;

// `npm run rotate-edge -- -c stage=prod`: another secret between CloudFront and the API, without a refused request.
await command(async () => {
  const { values } = parseArgs({ options: { context: { type: 'string', short: 'c', multiple: true } } });
  const stage = stageOf(contextOf(values.context).stage);
  await announceAccount(stage);
  const { region } = stage;
  const clients = {
    cloudFront: new CloudFrontClient({ region: edgeRegion }),
    secretsManager: new SecretsManagerClient({ region }),
    waf: new WAFV2Client({ region }),
  };
  progress('CloudFront takes some minutes; cut off, this can be called again');
  await rotateEdgeSecret(await edgeOf(stage), clients, () => sleep(settleSeconds * 1000));
  process.stdout.write('CloudFront proves itself by another secret. The one before is refused.\n');
});

async function edgeOf({ name, region }: Stage): Promise<Edge> {
  const stacks = new DescribeStacksCommand({ StackName: `kyo-${name}-edge` });
  const { Stacks } = await new CloudFormationClient({ region }).send(stacks);
  const outputOf = (key: string) => {
    const value = Stacks?.[0]?.Outputs?.find(({ OutputKey }) => OutputKey === key)?.OutputValue;
    if (value === undefined) throw new Error(`kyo-${name}-edge has no output ${key}. Deploy first.`);
    return value;
  };
  return {
    distributionId: outputOf('DistributionId'),
    secretArn: outputOf('EdgeSecret'),
    aclArn: outputOf('ApiFirewall'),
  };
}
