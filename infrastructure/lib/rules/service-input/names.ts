import type { InputRule } from './input-rule.ts';

/**
 * How long names are that we give, in characters; those that CloudFormation makes fit by themselves. Load balancers, target
 * groups and buckets have forms of their own, beside them.
 */
const longest: [type: string, property: string, characters: number][] = [
  ['AWS::ApiGateway::Authorizer', 'Name', 128],
  ['AWS::Backup::BackupVault', 'BackupVaultName', 50],
  ['AWS::CloudFront::Function', 'Name', 64],
  ['AWS::CloudWatch::Alarm', 'AlarmName', 255],
  ['AWS::CloudWatch::CompositeAlarm', 'AlarmName', 255],
  ['AWS::CloudWatch::Dashboard', 'DashboardName', 255],
  ['AWS::ECR::Repository', 'RepositoryName', 256],
  ['AWS::ECS::Service', 'ServiceName', 255],
  ['AWS::ElastiCache::ReplicationGroup', 'ReplicationGroupId', 40],
  ['AWS::ElastiCache::User', 'UserId', 40],
  ['AWS::ElastiCache::UserGroup', 'UserGroupId', 40],
  ['AWS::Events::EventBus', 'Name', 256],
  ['AWS::Events::Rule', 'Name', 64],
  ['AWS::IAM::Role', 'RoleName', 64],
  ['AWS::Lambda::Function', 'FunctionName', 64],
  ['AWS::Logs::LogGroup', 'LogGroupName', 512],
  ['AWS::RDS::DBInstance', 'DBInstanceIdentifier', 63],
  ['AWS::RDS::DBParameterGroup', 'DBParameterGroupName', 255],
  ['AWS::SNS::Topic', 'TopicName', 256],
  ['AWS::SQS::Queue', 'QueueName', 80],
  ['AWS::SSM::Parameter', 'Name', 1_011],
  ['AWS::SecretsManager::Secret', 'Name', 512],
  ['AWS::ServiceDiscovery::Service', 'Name', 64],
  ['AWS::StepFunctions::StateMachine', 'StateMachineName', 80],
  ['AWS::WAFv2::WebACL', 'Name', 128],
];

export const nameInput: InputRule[] = longest.map(([type, property, characters]) => ({
  name: `${property} of ${type} has ${characters} characters at most`,
  type,
  refuses: ({ [property]: name }) =>
    String(name ?? '').length > characters &&
    `Value '${name}' at '${property}' failed to satisfy constraint: Member must have length less than or equal to ${characters}`,
  fault: { [property]: 'x'.repeat(characters + 1) },
}));
