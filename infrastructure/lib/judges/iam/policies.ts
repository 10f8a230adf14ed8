import type { Stage } from '../../../config/index.ts';
import { qualifierOf } from '../../constructs/names.ts';
import { fenceOf } from '../../fence.ts';
import type { AsDeployed, DeployedResource } from '../../rules/service-input/as-deployed.ts';
import { account } from '../../rules/service-input/ids.ts';
import type { Properties } from '../../rules/templates.ts';

export const everything = {
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }],
};

/** A document of IAM's policy language. */
export type Policy = Properties;

/** Who may do what, as an account holds it. */
export interface Policies {
  /** What is attached to roles, by their ARN. */
  identity: Map<string, Policy[]>;
  /** The most that roles may do, by their ARN, where anything bounds them. */
  boundary: Map<string, Policy>;
  /** What is attached to resources, by their ARN; a role's trust is one. */
  resource: Map<string, Policy>;
}

/** The policies that templates make. */
export function policiesOf(deployed: AsDeployed): Policies {
  const resources = deployed.resources();
  const fence = fenceOf({ name: deployed.stage });
  const identity = identityPolicies(resources);
  const boundary = new Map(boundaries(resources, fence));
  for (const role of rolesOfCdk(deployed.stage)) {
    identity.set(role, [everything]);
    boundary.set(role, fence);
  }
  const resource = new Map(resources.flatMap((each) => resourcePolicies[each.type]?.(each, resources) ?? []));
  return { identity, boundary, resource };
}

/** Those that CDK's bootstrap makes for the stage; what they are allowed is at most everything. */
export function rolesOfCdk(name: Stage['name']): string[] {
  const qualifier = qualifierOf({ name });
  return ['deploy-role', 'cfn-exec-role'].map(
    (role) => `arn:aws:iam::${account}:role/cdk-${qualifier}-${role}-${account}-ap-northeast-1`,
  );
}

function boundaries(resources: DeployedResource[], fence: Policy): [arn: string, policy: Policy][] {
  return resources.flatMap(({ type, arn, properties: { PermissionsBoundary } }) =>
    type === 'AWS::IAM::Role' && PermissionsBoundary ? [[arn, fence]] : [],
  );
}

function identityPolicies(resources: DeployedResource[]): Map<string, Policy[]> {
  const policies = new Map<string, Policy[]>();
  for (const { type, arn, properties } of resources) {
    if (type !== 'AWS::IAM::Role') continue;
    const inline = (properties.Policies ?? []).map(({ PolicyDocument }: Properties) => PolicyDocument);
    const managed = (properties.ManagedPolicyArns ?? []).flatMap((name: string) => managedPolicy(name));
    policies.set(arn, [...inline, ...managed]);
  }
  for (const { type, properties } of resources) {
    if (type !== 'AWS::IAM::Policy') continue;
    for (const name of properties.Roles ?? [])
      policies.get(`arn:aws:iam::${account}:role/${name}`)?.push(properties.PolicyDocument);
  }
  return policies;
}

/** Those of AWS that we attach and judge; AWS keeps the others up to date with what their service does. */
function managedPolicy(arn: string): Policy[] {
  if (!arn.endsWith('/AmazonAPIGatewayPushToCloudWatchLogs')) return [];
  // AWS Managed Policy Reference Guide.
  const actions = [
    'CreateLogGroup',
    'CreateLogStream',
    'DescribeLogGroups',
    'DescribeLogStreams',
    'PutLogEvents',
  ];
  const Action = [...actions, 'GetLogEvents', 'FilterLogEvents'].map((name) => `logs:${name}`);
  return [{ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action, Resource: '*' }] }];
}

type Found = [arn: string, policy: Policy][];

const resourcePolicies: Record<string, (from: DeployedResource, all: DeployedResource[]) => Found> = {
  'AWS::Backup::BackupVault': ({ arn, properties }) =>
    properties.AccessPolicy ? [[arn, properties.AccessPolicy]] : [],
  'AWS::IAM::Role': ({ arn, properties }) => [[arn, properties.AssumeRolePolicyDocument]],
  'AWS::KMS::Key': ({ arn, properties }) => [[arn, properties.KeyPolicy]],
  'AWS::Lambda::Function': ({ arn }, all) => [
    [
      arn,
      {
        Version: '2012-10-17',
        Statement: all
          .filter(({ type, properties }) => type === permission && isOf(properties.FunctionName, arn))
          .map(({ properties }) => permissionStatement(properties, arn)),
      },
    ],
  ],
  'AWS::S3::BucketPolicy': ({ properties }) => [
    [`arn:aws:s3:::${properties.Bucket}`, properties.PolicyDocument],
  ],
  'AWS::SNS::TopicPolicy': ({ properties }) =>
    properties.Topics.map((topic: string) => [topic, properties.PolicyDocument]),
  'AWS::SQS::QueuePolicy': ({ properties, region }) =>
    properties.Queues.map((name: string) => [
      `arn:aws:sqs:${region}:${account}:${name}`,
      properties.PolicyDocument,
    ]),
};

const permission = 'AWS::Lambda::Permission';
/** A function is named by its ARN or by its name. */
const isOf = (name: string, arn: string) => name === arn || arn.endsWith(`:${name}`);

function permissionStatement(
  { Action, Principal, SourceArn, SourceAccount }: Properties,
  arn: string,
): Properties {
  return {
    Effect: 'Allow',
    Principal: { Service: Principal },
    Action,
    Resource: arn,
    Condition: {
      ...(SourceArn && { ArnLike: { 'aws:SourceArn': SourceArn } }),
      ...(SourceAccount && { StringEquals: { 'aws:SourceAccount': SourceAccount } }),
    },
  };
}
