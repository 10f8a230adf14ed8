import { join } from 'node:path';
import {
  CloudFormationClient,
  CreateStackCommand,
  DescribeStacksCommand,
  paginateDescribeStackEvents,
  UpdateStackCommand,
} from '@aws-sdk/client-cloudformation';
import { type AwsEmulator, eventually, startAwsEmulator } from '@kyong/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Properties } from '../lib/rules/templates.ts';
import { serveServiceRules } from './emulator/service-rules.ts';

type Resources = Record<string, { Type: string; Properties: Properties; DependsOn?: string }>;

let emulator: AwsEmulator;
let rules: Awaited<ReturnType<typeof serveServiceRules>>;
let client: CloudFormationClient;

beforeAll(async () => {
  rules = await serveServiceRules();
  emulator = await startAwsEmulator({
    overlays: [join(import.meta.dirname, 'emulator', 'service_rules_overlay.py')],
    environment: { KYO_SERVICE_RULES: rules.url },
  });
  const { url, credentials } = emulator;
  client = new CloudFormationClient({ endpoint: url, region: 'ap-northeast-1', credentials });
}, 120_000);

afterAll(async () => {
  await emulator?.stop();
  rules?.close();
});

const trust = (service: string) => ({
  Statement: [
    { Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { Service: `${service}.amazonaws.com` } },
  ],
});
const api: Resources = { Api: { Type: 'AWS::ApiGateway::RestApi', Properties: { Name: 'faulty' } } };
const model = (schema: Properties): Resources => ({
  ...api,
  Model: {
    Type: 'AWS::ApiGateway::Model',
    Properties: {
      RestApiId: { Ref: 'Api' },
      ContentType: 'application/json',
      Name: 'Request',
      Schema: schema,
    },
  },
});
const service = (container: string): Resources => ({
  Cluster: { Type: 'AWS::ECS::Cluster', Properties: {} },
  Task: {
    Type: 'AWS::ECS::TaskDefinition',
    Properties: {
      Family: 'otp',
      ContainerDefinitions: [{ Name: 'otp', Image: 'otp', PortMappings: [{ ContainerPort: 3000 }] }],
    },
  },
  Service: {
    Type: 'AWS::ECS::Service',
    Properties: {
      Cluster: { Ref: 'Cluster' },
      TaskDefinition: { Ref: 'Task' },
      ServiceRegistries: [{ RegistryArn: 'arn', ContainerName: container, ContainerPort: 3000 }],
    },
  },
});
const invokable = (permissions: number): Resources => ({
  Role: { Type: 'AWS::IAM::Role', Properties: { AssumeRolePolicyDocument: trust('lambda') } },
  Function: {
    Type: 'AWS::Lambda::Function',
    Properties: {
      Runtime: 'nodejs24.x',
      Handler: 'index.handler',
      Role: { 'Fn::GetAtt': ['Role', 'Arn'] },
      Code: { ZipFile: 'exports.handler = async () => {};' },
    },
  },
  ...Object.fromEntries(
    Array.from({ length: permissions }, (_, number) => [
      `Permission${number}`,
      {
        Type: 'AWS::Lambda::Permission',
        Properties: {
          FunctionName: { 'Fn::GetAtt': ['Function', 'Arn'] },
          Action: 'lambda:InvokeFunction',
          Principal: 'apigateway.amazonaws.com',
          SourceArn: `arn:aws:execute-api:ap-northeast-1:123456789012:a1b2c3d4e5/v1/POST/tenants/${number}`,
        },
      },
    ]),
  ),
});
const parameters = (value: string): Resources => ({
  Parameters: {
    Type: 'AWS::RDS::DBParameterGroup',
    Properties: {
      Description: 'of a database',
      Family: 'postgres17',
      Parameters: { 'rds.log_retention_period': value },
    },
  },
});
const firewall = (Scope: string): Resources => ({
  Firewall: {
    Type: 'AWS::WAFv2::WebACL',
    Properties: {
      Scope,
      DefaultAction: { Allow: {} },
      VisibilityConfig: { CloudWatchMetricsEnabled: true, MetricName: 'm', SampledRequestsEnabled: true },
      Rules: [],
    },
  },
});

async function ends(StackName: string): Promise<string> {
  return eventually(async () => {
    const { Stacks } = await client.send(new DescribeStacksCommand({ StackName }));
    const status = Stacks?.[0]?.StackStatus ?? '';
    expect(status).toMatch(/_(COMPLETE|FAILED)$/);
    return status;
  });
}
async function reasonsOf(StackName: string): Promise<string> {
  const reasons: string[] = [];
  for await (const { StackEvents = [] } of paginateDescribeStackEvents({ client }, { StackName }))
    reasons.push(...StackEvents.map(({ ResourceStatusReason = '' }) => ResourceStatusReason));
  return reasons.join('\n');
}
const create = (StackName: string, resources: Resources) =>
  client.send(new CreateStackCommand({ StackName, TemplateBody: JSON.stringify({ Resources: resources }) }));

const faults: { what: string; faulty: Resources; mended: Resources; message: string }[] = [
  {
    what: "a property that the service does not take: a model's keyword",
    faulty: model({ type: 'object', properties: { plan: { type: 'string', example: 'basic' } } }),
    mended: model({ type: 'object', properties: { plan: { type: 'string' } } }),
    message: 'Unsupported keyword(s): ["example"]',
  },
  {
    what: "a value that another resource lacks: a service's container",
    faulty: service('one-time-passwords'),
    mended: service('otp'),
    message: 'The container one-time-passwords does not exist in the task definition',
  },
  {
    what: 'one more than there may be: permissions of a function',
    faulty: invokable(60),
    mended: invokable(2),
    message: 'is bigger than the limit (20480)',
  },
  {
    what: 'another region than it belongs to: a firewall of CloudFront',
    faulty: firewall('CLOUDFRONT'),
    mended: firewall('REGIONAL'),
    message: 'The scope is not valid',
  },
];

describe('a stack', () => {
  it.each(faults)('fails with $what', async ({ faulty, mended, message }) => {
    const name = `faulty-${faults.findIndex((fault) => fault.message === message)}`;
    await create(name, faulty);
    expect(await ends(name)).toBe('ROLLBACK_COMPLETE');
    expect(await reasonsOf(name)).toContain(message);
    await create(`mended-${name}`, mended);
    expect(await ends(`mended-${name}`)).toBe('CREATE_COMPLETE');
  });

  it('goes back when an update brings a fault in', async () => {
    await create('updated', parameters('10080'));
    expect(await ends('updated')).toBe('CREATE_COMPLETE');
    const TemplateBody = JSON.stringify({ Resources: parameters('20160') });
    await client.send(new UpdateStackCommand({ StackName: 'updated', TemplateBody }));
    expect(await ends('updated')).toBe('UPDATE_ROLLBACK_COMPLETE');
    expect(await reasonsOf('updated')).toContain(
      'Invalid parameter value: 20160 for: rds.log_retention_period',
    );
  });
});
