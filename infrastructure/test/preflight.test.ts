import { describe, expect, it } from 'vitest';
import { type Stage, stageOf } from '../config/index.ts';
import { preflightClients } from '../lib/preflight/clients.ts';
import { type Finding, type PreflightClients, runPreflight } from '../lib/preflight/index.ts';
import { needsOf } from '../lib/preflight/needs.ts';
import { createServiceRoles } from '../lib/preflight/service-roles.ts';
import { resourcesOf } from '../lib/rules/templates.ts';
import { templatesOf } from './templates.ts';

/** With an operator's own values. */
function filledIn(name: Stage['name']): Stage {
  return JSON.parse(JSON.stringify(stageOf(name)).replaceAll('kyo.example', 'gym.tw'));
}
const dev = filledIn('dev');
const prod = filledIn('prod');

/** What an account answers, by the name of the command; an error is thrown. */
type Answers = Record<string, unknown>;

const rolesOf = (...services: string[]) => ({
  Roles: services.map((service) => ({ Path: `/aws-service-role/${service}/` })),
});
const others = [
  'elasticloadbalancing.amazonaws.com',
  'rds.amazonaws.com',
  'elasticache.amazonaws.com',
  'ops.apigateway.amazonaws.com',
];
const zones = [
  { ZoneName: 'ap-northeast-1a', ZoneId: 'apne1-az4', State: 'available' },
  { ZoneName: 'ap-northeast-1c', ZoneId: 'apne1-az1', State: 'available' },
  { ZoneName: 'ap-northeast-1d', ZoneId: 'apne1-az2', State: 'available' },
];
/** An account with room, bootstrapped, and nothing of the stage in it. */
const ready: Answers = {
  machineRegion: 'ap-northeast-1',
  GetCallerIdentityCommand: { Account: '123456789012', Arn: 'arn:aws:iam::123456789012:user/kim' },
  GetParameterCommand: { Parameter: { Value: '30' } },
  ListRolesCommand: rolesOf('ecs.amazonaws.com', 'ecs.application-autoscaling.amazonaws.com', ...others),
  DescribeStacksCommand: fault('ValidationError', 'Stack does not exist'),
  DescribeVpcsCommand: { Vpcs: [{}] },
  DescribeAddressesCommand: { Addresses: [] },
  DescribeAccountAttributesCommand: {
    AccountQuotas: [{ AccountQuotaName: 'DBInstances', Used: 0, Max: 40 }],
  },
  GetAccountSettingsCommand: { AccountLimit: { UnreservedConcurrentExecutions: 1000 } },
  GetServiceQuotaCommand: { Quota: { Value: 64 } },
  DescribeAvailabilityZonesCommand: { AvailabilityZones: zones },
  GetAccountCommand: { ProductionAccessEnabled: true, SendQuota: { Max24HourSend: 50_000 } },
  DescribeOrderableDBInstanceOptionsCommand: {
    OrderableDBInstanceOptions: [{ AvailabilityZones: zones.map(({ ZoneName }) => ({ Name: ZoneName })) }],
  },
};

function fault(name: string, message: string): Error {
  return Object.assign(new Error(message), { name });
}

/** The SDK's own clients, up to the wire. */
function account(answers: Answers): PreflightClients {
  const send = async (command: object) => {
    const answer = answers[command.constructor.name];
    if (answer instanceof Error) throw answer;
    if (typeof answer === 'function') return answer(command);
    return answer ?? {};
  };
  const { ssmIn, machineRegion: _, ...clients } = preflightClients(dev);
  for (const client of Object.values(clients)) Object.assign(client, { send });
  return {
    ...clients,
    ssmIn: (region) => Object.assign(ssmIn(region), { send }),
    machineRegion: async () => answers.machineRegion as string | undefined,
  };
}

/** What is wrong, without what is well. */
async function faults(stage: Stage, answers: Answers = {}): Promise<Finding[]> {
  const clients = account({ ...ready, ...answers });
  const findings = await runPreflight({ stage, clients, buildsImages: false });
  return findings.filter(({ level }) => level !== 'ok');
}

describe('the preflight', () => {
  it.each([dev, prod])('finds nothing in an account that has room for $name', async (stage) => {
    expect(await faults(stage)).toEqual([]);
  });

  it('asks nothing else when AWS does not know who asks', async () => {
    const found = await faults(dev, {
      GetCallerIdentityCommand: fault('CredentialsProviderError', 'Could not load credentials'),
    });
    expect(found).toMatchObject([
      { check: 'account', level: 'error', remedy: expect.stringContaining('aws sso login') },
    ]);
  });

  it.each<[string, Answers, Partial<Finding>]>([
    [
      'a machine that is set to another region',
      { machineRegion: 'eu-west-1' },
      { check: 'region', level: 'warning', remedy: expect.stringContaining('AWS_REGION=ap-northeast-1') },
    ],
    [
      'a region that is not bootstrapped',
      { GetParameterCommand: fault('ParameterNotFound', '') },
      {
        check: 'CDK bootstrap',
        level: 'warning',
        detail: 'not in ap-northeast-1, us-east-1, ap-southeast-1',
      },
    ],
    [
      'roles that no service has made yet',
      { ListRolesCommand: rolesOf('support.amazonaws.com') },
      { check: 'service-linked roles', level: 'warning' },
    ],
    [
      'a new account with ten functions at once',
      { GetAccountSettingsCommand: { AccountLimit: { UnreservedConcurrentExecutions: 10 } } },
      { check: 'quota of functions at once', level: 'error', remedy: expect.stringContaining('L-B99A9384') },
    ],
    [
      'addresses that others have taken',
      { DescribeAddressesCommand: { Addresses: Array(62).fill({}) } },
      {
        check: 'quota of Elastic IPs',
        level: 'error',
        detail: 'the stage needs 3 more Elastic IPs, and 2 are free',
      },
    ],
    [
      'database servers that others have taken',
      {
        DescribeAccountAttributesCommand: {
          AccountQuotas: [{ AccountQuotaName: 'DBInstances', Used: 39, Max: 40 }],
        },
      },
      { check: 'quota of database servers', level: 'error' },
    ],
    [
      'a zone that CloudFront takes no origin from',
      {
        DescribeAvailabilityZonesCommand: {
          AvailabilityZones: zones.map((zone) => ({ ...zone, ZoneId: 'apne1-az3' })),
        },
      },
      { check: 'zones', level: 'error', detail: expect.stringContaining('apne1-az3') },
    ],
    [
      'a zone that the account has not',
      { DescribeAvailabilityZonesCommand: { AvailabilityZones: zones.slice(1) } },
      { check: 'zones', level: 'error', remedy: expect.stringContaining('ap-northeast-1c, ap-northeast-1d') },
    ],
    [
      'e-mail that goes to verified addresses alone',
      { GetAccountCommand: { ProductionAccessEnabled: false, SendQuota: { Max24HourSend: 200 } } },
      { check: 'e-mail', level: 'warning', detail: expect.stringContaining('200 a day') },
    ],
    [
      'SMS that go to verified numbers alone',
      {
        DescribeAccountAttributesCommand: {
          AccountQuotas: [{ AccountQuotaName: 'DBInstances', Used: 0, Max: 40 }],
          AccountAttributes: [{ Name: 'ACCOUNT_TIER', Value: 'SANDBOX' }],
        },
      },
      { check: 'SMS', level: 'warning' },
    ],
    [
      'a size that RDS does not sell there',
      { DescribeOrderableDBInstanceOptionsCommand: { OrderableDBInstanceOptions: [] } },
      { check: 'database servers', level: 'error' },
    ],
  ])('finds %s, and says what to do', async (_, answers, expected) => {
    const found = await faults(prod, answers);
    expect(found[0]).toMatchObject(expected);
    expect(new Set(found.map(({ check }) => check)).size).toBe(1);
    expect(found.every(({ remedy }) => remedy !== undefined)).toBe(true);
  });

  it('stops before the fewest tasks have no room, and warns before the most have none', async () => {
    const { fewest, most } = needsOf(prod).fargate.FARGATE;
    const levels = async (Value: number) =>
      (await faults(prod, { GetServiceQuotaCommand: { Quota: { Value } } }))
        .filter(({ check }) => check.includes('demand'))
        .map(({ level }) => level);
    expect(await levels(fewest - 1)).toEqual(['error']);
    expect(await levels(most - 1)).toEqual(['warning']);
    expect(await levels(most)).toEqual([]);
  });

  it('warns of a new account that runs ten functions at once', async () => {
    const answers = { GetAccountSettingsCommand: { AccountLimit: { UnreservedConcurrentExecutions: 10 } } };
    expect(await faults(dev, answers)).toMatchObject([
      {
        check: 'quota of functions at once',
        level: 'warning',
        detail: expect.stringContaining('10 at once'),
      },
    ]);
  });

  it('takes the default of AWS where the account has no quota of its own', async () => {
    const answers = {
      GetServiceQuotaCommand: fault('NoSuchResourceException', ''),
      GetAWSDefaultServiceQuotaCommand: { Quota: { Value: 0 } },
    };
    expect((await faults(dev, answers)).map(({ check }) => check)).toContain('quota of VPCs');
  });

  it('asks for no room a second time when the stage is there', async () => {
    const full = {
      DescribeStacksCommand: { Stacks: [{}] },
      DescribeVpcsCommand: { Vpcs: Array(64).fill({}) },
      DescribeAddressesCommand: { Addresses: Array(64).fill({}) },
      DescribeAccountAttributesCommand: {
        AccountQuotas: [{ AccountQuotaName: 'DBInstances', Used: 40, Max: 40 }],
      },
      GetAccountSettingsCommand: { AccountLimit: { UnreservedConcurrentExecutions: 100 } },
    };
    expect(await faults(prod, full)).toEqual([]);
  });

  it('warns, and goes on, when the identity may not look', async () => {
    const found = await faults(dev, { ListRolesCommand: fault('AccessDenied', 'not authorized') });
    expect(found).toMatchObject([
      { check: 'service-linked roles', level: 'warning', remedy: expect.stringContaining('administrator') },
    ]);
  });

  it('takes no placeholder where data is kept', async () => {
    const monitoring = { ...prod.monitoring, alertEmail: 'operator@kyo.example' };
    expect(await faults({ ...prod, monitoring })).toMatchObject([
      { level: 'error', detail: 'monitoring.alertEmail is a placeholder: operator@kyo.example' },
    ]);
    expect(await faults({ ...dev, monitoring })).toMatchObject([{ level: 'warning' }]);
  });
});

it('makes the service-linked roles that are missing, and minds none that another has just made', async () => {
  const asked: unknown[] = [];
  const { iam } = account({
    ...ready,
    ListRolesCommand: rolesOf(...others),
    CreateServiceLinkedRoleCommand: ({ input }: { input: { AWSServiceName: string } }) => {
      asked.push(input.AWSServiceName);
      if (asked.length === 1) throw fault('InvalidInputException', 'has been taken in this account');
    },
  });
  await createServiceRoles(iam);
  expect(asked).toEqual(['ecs.amazonaws.com', 'ecs.application-autoscaling.amazonaws.com']);
});

it.each([dev, prod])('what the preflight says that $name needs is what its templates make', async (stage) => {
  const templates = await templatesOf(stage.name);
  const count = (type: string) => resourcesOf(templates, type).length;
  const reserved = resourcesOf(templates, 'AWS::Lambda::Function').map(
    ({ properties }) => properties.ReservedConcurrentExecutions ?? 0,
  );
  expect(needsOf(stage)).toMatchObject({
    vpcs: count('AWS::EC2::VPC'),
    elasticIps: count('AWS::EC2::EIP'),
    databaseServers: count('AWS::RDS::DBInstance'),
    reservedConcurrency: reserved.reduce((sum, each) => sum + each, 0),
  });
});
