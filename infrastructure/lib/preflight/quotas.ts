import { DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { DescribeAddressesCommand, DescribeVpcsCommand } from '@aws-sdk/client-ec2';
import { GetAccountSettingsCommand } from '@aws-sdk/client-lambda';
import { DescribeAccountAttributesCommand } from '@aws-sdk/client-rds';
import {
  GetAWSDefaultServiceQuotaCommand,
  GetServiceQuotaCommand,
  type ServiceQuotasClient,
} from '@aws-sdk/client-service-quotas';
import { type Check, type Finding, ok, type Preflight } from './check.ts';
import { needsOf } from './needs.ts';

/** Lambda refuses to leave fewer to the functions that reserve none. https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html */
const unreservedAtLeast = 100;

/** In Service Quotas: service and code. */
const codes = {
  vpcs: ['vpc', 'L-F678F1CE'],
  elasticIps: ['ec2', 'L-0263D0A3'],
  FARGATE: ['fargate', 'L-3032A538'],
  FARGATE_SPOT: ['fargate', 'L-36FBB829'],
} as const;

export const quotaChecks: readonly Check[] = [
  {
    name: 'quota of VPCs',
    async look({ stage, clients }) {
      const { Vpcs = [] } = await clients.ec2.send(new DescribeVpcsCommand({}));
      const needed = await unless('network', { stage, clients }, needsOf(stage).vpcs);
      return judge('VPCs', needed, (await quotaOf('vpcs', clients.serviceQuotas)) - Vpcs.length, codes.vpcs);
    },
  },
  {
    name: 'quota of Elastic IPs',
    async look({ stage, clients }) {
      const { Addresses = [] } = await clients.ec2.send(new DescribeAddressesCommand({}));
      const needed = await unless('network', { stage, clients }, needsOf(stage).elasticIps);
      const quota = await quotaOf('elasticIps', clients.serviceQuotas);
      return judge('Elastic IPs', needed, quota - Addresses.length, codes.elasticIps);
    },
  },
  {
    name: 'quota of database servers',
    async look({ stage, clients }) {
      const { AccountQuotas = [] } = await clients.rds.send(new DescribeAccountAttributesCommand({}));
      const servers = AccountQuotas.find(({ AccountQuotaName }) => AccountQuotaName === 'DBInstances');
      const needed = await unless('data', { stage, clients }, needsOf(stage).databaseServers);
      return judge('database servers', needed, (servers?.Max ?? 0) - (servers?.Used ?? 0), [
        'rds',
        'L-7B6409FD',
      ]);
    },
  },
  {
    name: 'quota of functions at once',
    async look({ stage, clients }) {
      const { AccountLimit } = await clients.lambda.send(new GetAccountSettingsCommand({}));
      const needed = await unless('provisioning', { stage, clients }, needsOf(stage).reservedConcurrency);
      const { UnreservedConcurrentExecutions: unreserved = 0 } = AccountLimit ?? {};
      const free = Math.max(0, unreserved - unreservedAtLeast);
      const found = judge('reserved executions', needed, free, ['lambda', 'L-B99A9384']);
      if (unreserved >= unreservedAtLeast || found.some(({ level }) => level === 'error')) return found;
      return [
        {
          level: 'warning',
          detail: `${unreserved} at once, as in a new account: what comes beside them is refused (429)`,
          remedy: requestOf('lambda', 'L-B99A9384'),
        },
      ];
    },
  },
  fargateCheck('FARGATE', 'vCPU on demand'),
  fargateCheck('FARGATE_SPOT', 'vCPU on Spot'),
];

/** What the fewest tasks need is there, or the first deployment fails; what the most need is asked for in time. */
function fargateCheck(provider: 'FARGATE' | 'FARGATE_SPOT', what: string): Check {
  return {
    name: `quota of ${what}`,
    async look({ stage, clients }) {
      const quota = await quotaOf(provider, clients.serviceQuotas);
      const { fewest, most } = needsOf(stage).fargate[provider];
      const now = judge(what, fewest, quota, codes[provider]);
      if (now.some(({ level }) => level === 'error')) return now;
      return judge(what, most, quota, codes[provider]).map((found) =>
        found.level === 'error'
          ? { ...found, level: 'warning', detail: `${found.detail}, at its largest` }
          : found,
      );
    },
  };
}

function judge(
  what: string,
  needed: number,
  free: number,
  [service, code]: readonly [string, string],
): Omit<Finding, 'check'>[] {
  if (needed <= free) return ok(`${needed} more ${what} of ${free} that are free`);
  return [
    {
      level: 'error',
      detail: `the stage needs ${needed} more ${what}, and ${free} are free`,
      remedy: `${requestOf(service, code)} Or make the stage smaller in infrastructure/config.`,
    },
  ];
}

function requestOf(service: string, code: string): string {
  return (
    `Ask for more (minutes to days): aws service-quotas request-service-quota-increase --service-code ${service} ` +
    `--quota-code ${code} --desired-value NUMBER.`
  );
}

/** A stack that is there has what it needs already. */
async function unless(
  stack: string,
  { stage, clients }: Pick<Preflight, 'stage' | 'clients'>,
  needed: number,
): Promise<number> {
  try {
    await clients.cloudFormation.send(new DescribeStacksCommand({ StackName: `kyo-${stage.name}-${stack}` }));
    return 0;
  } catch (error) {
    // "Stack with id … does not exist".
    if ((error as Error).name === 'ValidationError') return needed;
    throw error;
  }
}

/** What applies to the account; AWS' default where nobody has asked for more. */
async function quotaOf(name: keyof typeof codes, client: ServiceQuotasClient): Promise<number> {
  const [ServiceCode, QuotaCode] = codes[name];
  const { Quota } = await client
    .send(new GetServiceQuotaCommand({ ServiceCode, QuotaCode }))
    .catch((error: Error) => {
      if (error.name !== 'NoSuchResourceException') throw error;
      return client.send(new GetAWSDefaultServiceQuotaCommand({ ServiceCode, QuotaCode }));
    });
  if (Quota?.Value === undefined) throw new Error(`no quota ${QuotaCode} of ${ServiceCode}`);
  return Quota.Value;
}
