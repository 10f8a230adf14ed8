import { namePrefixOf } from '@kyong/tenancy/adapters/rds-names';
import type { Stage } from '../../config/index.ts';
import { qualifierOf, regionsOf } from '../constructs/names.ts';

export interface Acknowledgement {
  /** Name of the stack, without stage. */
  stack: string;
  /** The finding. */
  id: string;
  reason: string;
}

/** Findings we live with, each with its reason. Those about `*` in policies are all of them: a test holds the list to that. */
export function acknowledgementsOf(stage: Stage): Acknowledgement[] {
  const arn = (service: string, rest: string) =>
    `arn:aws:${service}:${stage.region}:<AWS::AccountId>:${rest}`;
  const wildcard = (resource: string) => `AwsSolutions-IAM5[Resource::${resource}]`;
  const outputOf = (stack: string, OutputName: string) =>
    JSON.stringify({
      'Fn::GetStackOutput': { StackName: `kyo-${stage.name}-${stack}`, Region: stage.region, OutputName },
    });
  const own = `kyo-${stage.name}-*`;
  const tenants = `${namePrefixOf(stage.name)}*`;
  const rotation = (stack: string) => ({
    stack,
    id: 'AwsSolutions-SMG4',
    reason:
      'Generated, 238 bits, read by one role each. Changing them is an operation (docs/runbooks/secrets.md): a function that did it by itself would need a way into every server.',
  });

  const ofGithub = (): Acknowledgement[] => [
    {
      stack: 'github',
      id: wildcard('*'),
      reason: 'ecr:GetAuthorizationToken knows no resource.',
    },
    {
      stack: 'github',
      id: wildcard(`arn:aws:iam::<AWS::AccountId>:role/cdk-${qualifierOf(stage)}-*`),
      reason: "CDK's own roles, which its bootstrap made: deploying is becoming them.",
    },
    ...regionsOf(stage).map((region) => ({
      stack: 'github',
      id: wildcard(`arn:aws:cloudformation:${region}:<AWS::AccountId>:stack/${own}`),
      reason:
        "AWS adds an id to a stack's ARN. What it says of the stage's stacks is read: outputs and templates.",
    })),
    {
      stack: 'github',
      id: wildcard(`${outputOf('edge', 'PublishOutputFnGetAttSiteE53D7754ArnA6C22265')}/*`),
      reason: 'The pages of the site: all that is in its bucket.',
    },
  ];

  return [
    {
      stack: 'network',
      id: 'CloudFormation-Validate::W3010',
      reason: 'Zones are values of the stage: looking them up would need an account, and synthesis has none.',
    },
    ...['EC28', 'EC29'].map((rule) => ({
      stack: 'network',
      id: `AwsSolutions-${rule}`,
      reason:
        'The NAT instance of a stage that is tried things in: it holds nothing, and another one is there in a minute.',
    })),
    rotation('data'),
    rotation('cache'),
    rotation('edge'),
    {
      stack: 'data',
      id: 'AwsSolutions-RDS3',
      reason: 'Standby servers are a value of the stage: where gyms work there is one.',
    },
    {
      stack: 'data',
      id: 'AwsSolutions-RDS10',
      reason: 'Deletion protection is a value of the stage: where gyms work it is on.',
    },
    {
      stack: 'data',
      id: 'AwsSolutions-RDS11',
      reason: 'Another port than 5432 hides nothing: the servers are in subnets without any way in or out.',
    },
    {
      stack: 'data',
      id: 'AwsSolutions-S1',
      reason: 'The bucket of the access logs: its own access log would be about itself.',
    },
    {
      stack: 'cache',
      id: 'AwsSolutions-AEC4',
      reason: 'Replicas are a value of the stage: where gyms work every shard has one, in another zone.',
    },
    {
      stack: 'cache',
      id: 'AwsSolutions-AEC6',
      reason: 'A user of a group (RBAC) with a password instead, which Valkey prefers to AUTH.',
    },
    {
      stack: 'services',
      id: 'AwsSolutions-ECS4',
      reason: 'Container Insights are a value of the stage: alarms use what ECS measures for nothing.',
    },
    {
      stack: 'services',
      id: 'AwsSolutions-ECS2',
      reason:
        'Nothing in these variables is secret. What is comes from Secrets Manager when the container starts.',
    },
    {
      stack: 'provisioning',
      id: 'AwsSolutions-COG4',
      reason: 'Access tokens are those of our own OTP service, verified by an authorizer of our own.',
    },
    {
      stack: 'provisioning',
      id: 'AwsSolutions-APIG3',
      reason: 'It has one, in the stack of CloudFront, with the secret by which CloudFront gets past it.',
    },
    {
      stack: 'provisioning',
      id: 'AwsSolutions-SQS3',
      reason: 'It is the dead-letter queue.',
    },
    {
      stack: 'edge',
      id: 'AwsSolutions-CFR1',
      reason: 'Members travel.',
    },
    {
      stack: 'edge',
      id: 'AwsSolutions-CFR3',
      reason:
        "The load balancer and API Gateway write access logs, the firewall its metrics; files of the dashboard are nobody's secret.",
    },
    {
      stack: 'edge',
      id: 'AwsSolutions-CFR4',
      reason: "Without a domain it has CloudFront's own certificate and its rules; with one, TLS 1.2.",
    },
    ...['AWSBackupServiceRolePolicyForBackup', 'AWSBackupServiceRolePolicyForRestores'].map((policy) => ({
      stack: 'recovery',
      id: `AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/${policy}]`,
      reason: "AWS Backup's own, kept up to date by AWS with what it does.",
    })),
    {
      stack: 'provisioning',
      id: 'AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs]',
      reason:
        'The role with which API Gateway writes the logs of an account; CDK makes it, as AWS describes.',
    },
    ...['data', 'provisioning'].map((stack) => ({
      stack,
      id: wildcard('*'),
      reason:
        'Interfaces in the VPC, traces, the deliveries of logs, and descriptions of RDS: these actions know no resource. The list of them is held by a test.',
    })),
    {
      stack: 'services',
      id: wildcard(arn('ses', 'identity/*')),
      reason:
        "Recipients: SES asks for one that is an identity of the account too. The sender is the stage's, by a condition.",
    },
    {
      stack: 'services',
      id: wildcard(arn('ecs', 'task/<ClusterC2E21B66>/*')),
      reason:
        'Tasks have their numbers when they start; those of the stage are in its own cluster, and are only looked at.',
    },
    ...(stage.github ? ofGithub() : []),
    {
      stack: 'services',
      id: wildcard('*'),
      reason: 'ecr:GetAuthorizationToken and the channels of ECS Exec know no resource.',
    },
    {
      stack: 'services',
      id: wildcard(arn('secretsmanager', `secret:kyo/${stage.name}/tenants/*`)),
      reason:
        "Tenants come and go while it runs; the prefix is this stage's, and only its tenants' own roles are in it.",
    },
    {
      stack: 'provisioning',
      id: wildcard(arn('secretsmanager', `secret:kyo/${stage.name}/tenants/*`)),
      reason:
        "Secrets of tenants that do not exist yet; the prefix is this stage's, and creating one demands its tags.",
    },
    {
      stack: 'provisioning',
      id: wildcard(arn('secretsmanager', 'secret:rds!db-*')),
      reason:
        'RDS names the master secrets itself. Read are those of databases of this stage alone, by the tag RDS gives them.',
    },
    ...[`db:${tenants}`, `snapshot:${tenants}`, 'og:default:postgres*'].map((resource) => ({
      stack: 'provisioning',
      id: wildcard(arn('rds', resource)),
      reason: 'Databases of tenants that do not exist yet: by a name that nothing of the platform bears.',
    })),
    {
      stack: 'provisioning',
      id: wildcard(`${outputOf('data', 'PublishOutputFnGetAttFiles8E6940B8ArnB90C6676')}/exports/*`),
      reason: 'Archives of tenants that leave: the folder is theirs, and nothing else is in it.',
    },
    {
      stack: 'provisioning',
      id: 'AwsSolutions-IAM5[Resource::<FunctionsAdvance2A84F0CB.Arn>:*]',
      reason: 'The versions of the one function that the state machine calls.',
    },
  ];
}
