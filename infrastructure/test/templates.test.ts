import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { routes } from '@kyong/contracts';
import { programs } from '@kyong/tenancy/adapters/master-database';
import * as functionSchemas from '@kyong/tenant-provisioning/config';
import { configSchema as collaborationSchema } from 'collaboration-service/config';
import { configSchema as otpSchema } from 'kyo-otp-service/config';
import { beforeAll, describe, expect, it } from 'vitest';
import type { z } from 'zod';
import { root } from '../lib/code/index.ts';
import { runbooks } from '../lib/constructs/alarms.ts';
import { containersOf, oneOf, type Properties, resourcesOf, type Templates } from '../lib/rules/templates.ts';
import { services } from '../lib/services/index.ts';
import { builtFunctions, templatesOf } from './templates.ts';

let prod: Templates;
beforeAll(async () => {
  prod = await templatesOf('prod');
});

describe('every stack', () => {
  it('is as it was; look at what changed, then update the snapshot', async () => {
    for (const [stack, template] of Object.entries(prod)) {
      const text = JSON.stringify(template.Resources, null, 1).replaceAll(/[0-9a-f]{64}/g, '[digest]');
      await expect(`${text}\n`).toMatchFileSnapshot(`snapshots/prod-${stack}.snap`);
    }
  });
});

const login = JSON.stringify({ username: 'kyo', password: 'password' });

/** What stands for values that exist after a deployment only, or are secret. */
const known: Record<string, string> = {
  KYO_REDIS_URL: 'rediss://cache.example:6379',
  KYO_REDIS_LOGIN: login,
  KYO_MASTER_DATABASE_URL: 'postgresql://master.example:5432/kyo_system_master',
  KYO_MASTER_DATABASE_LOGIN: login,
  KYO_MASTER_DATABASE_LOGINS: JSON.stringify(
    Object.fromEntries(programs.map((program) => [program, { secret: 'deployed', connectionLimit: 1 }])),
  ),
  KYO_OTP_SECRET: 'x'.repeat(43),
  // As they are made, before an operator fills them in.
  KYO_MITAKE_ACCOUNT: '{}',
  KYO_TURNSTILE_SECRET: '{}',
  KYO_SIGNING_KEYS: JSON.stringify([
    {
      kid: '1',
      privateJwk: { kty: 'OKP', crv: 'Ed25519', x: 'x', d: 'd' },
      createdAt: '2026-11-22T00:00:00Z',
    },
  ]),
  KYO_MASTER_DATABASE_PORT: '5432',
  KYO_SHARED_DATABASE_PORT: '5432',
  AWS_REGION: 'ap-northeast-1',
  KYO_OPERATORS: 'arn:aws:iam::123456789012:root',
  KYO_AWS_RECEIPTS_TOPIC: 'arn:aws:sns:ap-northeast-1:123456789012:receipts',
};
const textOf = (name: string, value: unknown) =>
  typeof value === 'string' ? value : (known[name] ?? 'deployed');

describe('the environment of what is deployed', () => {
  const schemas: Record<string, z.ZodType> = {
    'kyo-otp-service': otpSchema,
    'collaboration-service': collaborationSchema,
  };

  it.each(services.map(({ name }) => name))('is what %s asks for', (name) => {
    const { Environment = [], Secrets = [] } = containersOf(prod).find(({ Name }) => Name === name) ?? {};
    const environment = Object.fromEntries([
      ...(Environment as Properties[]).map(({ Name, Value }) => [Name, textOf(Name, Value)]),
      ...(Secrets as Properties[]).map(({ Name }) => [Name, textOf(Name, undefined)]),
    ]);
    expect(schemas[name]?.safeParse(environment)).toMatchObject({ success: true });
  });

  it.each([
    ['handler', functionSchemas.apiConfig],
    ['authorizer', functionSchemas.authorizerConfig],
    ['advance', functionSchemas.advanceConfig],
    ['instance-event', functionSchemas.advanceConfig],
    ['sweep', functionSchemas.sweepConfig],
    ['prepare', functionSchemas.prepareConfig],
  ])('is what the function %s asks for', (program, schema) => {
    const { properties } = oneOf(
      prod,
      'AWS::Lambda::Function',
      (found) => found.properties.Handler === `${program}.handler`,
    );
    const variables = Object.entries({ ...properties.Environment.Variables, AWS_REGION: undefined });
    const environment = Object.fromEntries(variables.map(([name, value]) => [name, textOf(name, value)]));
    expect(schema.safeParse(environment)).toMatchObject({ success: true });
  });

  it('holds no secret that the role of its task may not read', () => {
    for (const { id, properties } of resourcesOf(prod, 'AWS::ECS::TaskDefinition')) {
      const [role] = properties.ExecutionRoleArn['Fn::GetAtt'] as [string];
      const readable = JSON.stringify(
        statementsOf(prod, role).filter(({ Action }) =>
          [Action].flat().includes('secretsmanager:GetSecretValue'),
        ),
      );
      for (const { Name, ValueFrom } of properties.ContainerDefinitions[0].Secrets as Properties[]) {
        expect(readable, `${id}: ${Name}`).toContain(JSON.stringify(ValueFrom));
      }
    }
  });
});

it('mounts volumes where the images declare them, so that the user of the service may write there', () => {
  const mounted = containersOf(prod).flatMap(({ MountPoints }) =>
    (MountPoints as Properties[]).map(({ ContainerPath }) => String(ContainerPath)),
  );
  const declared = [...readFileSync(join(root, 'Dockerfile'), 'utf8').matchAll(/^VOLUME \["(.+)"\]$/gm)];
  expect([...new Set(mounted)]).toEqual(declared.map(([, path]) => path));
});

it('sends every route of the contracts to whoever serves it', () => {
  const { CacheBehaviors } = oneOf(prod, 'AWS::CloudFront::Distribution').properties.DistributionConfig;
  const patterns = (CacheBehaviors as Properties[]).map(({ PathPattern }) => String(PathPattern));
  const isServed = (path: string) =>
    patterns.some((pattern) =>
      pattern.endsWith('*') ? path.startsWith(pattern.slice(0, -1)) : path === pattern,
    );
  // Of the laptop alone: its outbox, and the health of all parts together.
  const paths = Object.values(routes).flatMap(({ path }) => (/^\/(dev\/|healthz$)/.test(path) ? [] : [path]));
  expect(paths.filter((path) => !isServed(path))).toEqual([]);
});

it.each(['handler', 'authorizer', 'advance', 'instance-event', 'sweep', 'prepare'])(
  'loads the function %s as it is deployed, which says what its environment lacks',
  async (program) => {
    const file = join(await builtFunctions(), `${program}.mjs`);
    const run = promisify(execFile)(process.execPath, [file], { env: {} });
    await expect(run).rejects.toMatchObject({
      stderr: expect.stringContaining('The environment is not complete'),
    });
  },
);

describe('policies', () => {
  /** Actions that know no resource, or none that is known before (Service Authorization Reference). */
  const onEverything = [
    'cloudwatch:GetMetricData',
    'cloudwatch:PutMetricData',
    'ec2:AssignPrivateIpAddresses',
    'ec2:CreateNetworkInterface',
    'ec2:DeleteNetworkInterface',
    'ec2:DescribeNetworkInterfaces',
    'ec2:DescribeSubnets',
    'ec2:UnassignPrivateIpAddresses',
    'ecr:GetAuthorizationToken',
    'logs:CreateLogDelivery',
    'logs:DeleteLogDelivery',
    'logs:DescribeLogGroups',
    'logs:DescribeResourcePolicies',
    'logs:GetLogDelivery',
    'logs:ListLogDeliveries',
    'logs:PutResourcePolicy',
    'logs:UpdateLogDelivery',
    'rds:DescribeAccountAttributes',
    'rds:DescribeDBEngineVersions',
    'rds:DescribeDBInstanceAutomatedBackups',
    'rds:DescribeDBInstances',
    'rds:DescribeDBSnapshots',
    'rds:DescribeDBSubnetGroups',
    'secretsmanager:ListSecrets',
    'xray:GetSamplingRules',
    'xray:GetSamplingTargets',
    'xray:PutTelemetryRecords',
    'xray:PutTraceSegments',
  ];

  it('allow on everything what is only to be had so, and nothing else', () => {
    const actions = resourcesOf(prod, 'AWS::IAM::Policy').flatMap(({ properties }) =>
      (properties.PolicyDocument.Statement as Properties[]).flatMap(({ Effect, Resource, Action }) =>
        Effect === 'Allow' && [Resource].flat().includes('*') ? [Action].flat() : [],
      ),
    );
    expect([...new Set(actions)].filter((action) => !onEverything.includes(action))).toEqual([]);
    expect(actions).not.toContain('*');
  });

  it('keep the way to the master user to deployments', () => {
    const readers = resourcesOf(prod, 'AWS::IAM::Policy').filter(({ properties }) =>
      JSON.stringify(properties.PolicyDocument).includes('MasterServerAdminSecret'),
    );
    expect(readers.map(({ id }) => id)).toEqual([expect.stringMatching(/^MasterReleasePrepare/)]);
  });
});

describe('a place where gyms work', () => {
  it('keeps its data, whatever is done to its stacks', () => {
    for (const { id, resource, properties } of resourcesOf(prod, 'AWS::RDS::DBInstance')) {
      expect([id, resource.DeletionPolicy, properties.DeletionProtection]).toEqual([id, 'Snapshot', true]);
    }
    for (const { stack, id, resource } of resourcesOf(prod, 'AWS::S3::Bucket')) {
      if (stack === 'data') expect([id, resource.DeletionPolicy]).toEqual([id, 'Retain']);
    }
    expect(oneOf(prod, 'AWS::KMS::Key', ({ stack }) => stack === 'data').resource.DeletionPolicy).toBe(
      'Retain',
    );
  });

  it('stands the failure of a zone', () => {
    expect(resourcesOf(prod, 'AWS::EC2::NatGateway')).toHaveLength(3);
    for (const { properties } of resourcesOf(prod, 'AWS::RDS::DBInstance'))
      expect(properties.MultiAZ).toBe(true);
    expect(oneOf(prod, 'AWS::ElastiCache::ReplicationGroup').properties).toMatchObject({
      NumNodeGroups: 3,
      ReplicasPerNodeGroup: 1,
      MultiAZEnabled: true,
    });
    for (const { properties } of resourcesOf(prod, 'AWS::ApplicationAutoScaling::ScalableTarget'))
      expect(properties.MinCapacity).toBeGreaterThanOrEqual(3);
  });
});

it('has a page for every alarm, and no page that no alarm names', () => {
  const pages = readdirSync(join(root, 'docs', 'runbooks')).map((file) => file.replace(/\.md$/, ''));
  for (const name of runbooks)
    expect(existsSync(join(root, 'docs', 'runbooks', `${name}.md`)), name).toBe(true);
  const rung = resourcesOf(
    prod,
    'AWS::CloudWatch::Alarm',
    'AWS::CloudWatch::CompositeAlarm',
    'AWS::Events::Rule',
  ).map(({ properties }) => `${properties.AlarmDescription ?? properties.Description ?? ''}`);
  for (const name of runbooks)
    expect(
      rung.some((text) => text.includes(`runbooks/${name}.md`)),
      name,
    ).toBe(true);
  expect(pages).toEqual(expect.arrayContaining([...runbooks]));
});

function statementsOf(templates: Templates, role: string): Properties[] {
  return resourcesOf(templates, 'AWS::IAM::Policy')
    .filter(({ properties }) => (properties.Roles as Properties[]).some(({ Ref }) => Ref === role))
    .flatMap(({ properties }) => properties.PolicyDocument.Statement as Properties[]);
}
