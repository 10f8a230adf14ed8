/** The account that templates are imagined in; both stages may share it. */
export const account = '123456789012';

/** A resource that has no physical id yet. */
export interface Place {
  stack: string;
  id: string;
}

/** CloudFormation's form: stack, logical id, twelve characters of its own; in small letters where the service has no others. */
export function physicalName(stage: string, { stack, id }: Place, type: string): string {
  if (type === 'AWS::SecretsManager::Secret') return `${id}-A1B2C3D4E5F6-g7h8i9`;
  const name = `kyo-${stage}-${stack}-${id}-A1B2C3D4E5F6`;
  return /::(RDS|S3|ElastiCache)::/.test(type) ? name.toLowerCase() : name;
}

type Form = (name: string, region: string) => string;
const regional =
  (service: string, kind = ''): Form =>
  (name, region) =>
    `arn:aws:${service}:${region}:${account}:${kind}${name}`;
const global =
  (service: string, kind = ''): Form =>
  (name) =>
    `arn:aws:${service}::${account}:${kind}${name}`;

/** Service Authorization Reference, the resource types of each service. */
const forms: Record<string, Form> = {
  'AWS::ApiGateway::RestApi': (name, region) => `arn:aws:execute-api:${region}:${account}:${name}`,
  'AWS::Backup::BackupVault': regional('backup', 'backup-vault:'),
  'AWS::CloudFront::Distribution': global('cloudfront', 'distribution/'),
  'AWS::CloudWatch::Alarm': regional('cloudwatch', 'alarm:'),
  'AWS::CloudWatch::CompositeAlarm': regional('cloudwatch', 'alarm:'),
  'AWS::ECR::Repository': regional('ecr', 'repository/'),
  'AWS::ECS::Cluster': regional('ecs', 'cluster/'),
  'AWS::ECS::TaskDefinition': regional('ecs', 'task-definition/'),
  'AWS::Events::EventBus': regional('events', 'event-bus/'),
  'AWS::Events::Rule': regional('events', 'rule/'),
  'AWS::IAM::OIDCProvider': global('iam', 'oidc-provider/'),
  'AWS::IAM::Role': global('iam', 'role/'),
  'AWS::KMS::Key': regional('kms', 'key/'),
  'AWS::Lambda::Function': regional('lambda', 'function:'),
  'AWS::Logs::LogGroup': regional('logs', 'log-group:'),
  'AWS::RDS::DBInstance': regional('rds', 'db:'),
  'AWS::RDS::DBParameterGroup': regional('rds', 'pg:'),
  'AWS::RDS::DBSubnetGroup': regional('rds', 'subgrp:'),
  'AWS::S3::Bucket': (name) => `arn:aws:s3:::${name}`,
  'AWS::SecretsManager::Secret': regional('secretsmanager', 'secret:'),
  'AWS::StepFunctions::StateMachine': regional('states', 'stateMachine:'),
};

/** As the service writes it in policies. */
export function arnOf(type: string, name: string, region: string): string {
  const form = forms[type] ?? regional(type.split('::')[1]?.toLowerCase() ?? '');
  return form(name, region);
}

/** Types whose `Ref` is an ARN; that of the others is a name. */
export const refersByArn = new Set([
  'AWS::CertificateManager::Certificate',
  'AWS::ECS::Service',
  'AWS::ECS::TaskDefinition',
  'AWS::ElasticLoadBalancingV2::Listener',
  'AWS::ElasticLoadBalancingV2::ListenerRule',
  'AWS::ElasticLoadBalancingV2::LoadBalancer',
  'AWS::ElasticLoadBalancingV2::TargetGroup',
  'AWS::IAM::ManagedPolicy',
  'AWS::IAM::OIDCProvider',
  'AWS::SNS::Topic',
  'AWS::SecretsManager::Secret',
  'AWS::StepFunctions::StateMachine',
]);
