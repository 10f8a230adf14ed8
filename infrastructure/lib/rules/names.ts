import { each, type Rule } from './rule.ts';
import { oneOf, resourcesOf, type Templates } from './templates.ts';

/** A name of one's own here, and a second stage, or a replacement, finds it taken. */
const nameOf: Record<string, string> = {
  'AWS::CloudWatch::Alarm': 'AlarmName',
  'AWS::CloudWatch::Dashboard': 'DashboardName',
  'AWS::ECR::Repository': 'RepositoryName',
  'AWS::ECS::Cluster': 'ClusterName',
  'AWS::ECS::Service': 'ServiceName',
  'AWS::ElastiCache::ReplicationGroup': 'ReplicationGroupId',
  'AWS::ElasticLoadBalancingV2::LoadBalancer': 'Name',
  'AWS::ElasticLoadBalancingV2::TargetGroup': 'Name',
  'AWS::Events::Rule': 'Name',
  'AWS::IAM::Role': 'RoleName',
  'AWS::Lambda::Function': 'FunctionName',
  'AWS::Logs::LogGroup': 'LogGroupName',
  'AWS::RDS::DBInstance': 'DBInstanceIdentifier',
  'AWS::RDS::DBSubnetGroup': 'DBSubnetGroupName',
  'AWS::S3::Bucket': 'BucketName',
  'AWS::SNS::Topic': 'TopicName',
  'AWS::SQS::Queue': 'QueueName',
  'AWS::SecretsManager::Secret': 'Name',
  'AWS::StepFunctions::StateMachine': 'StateMachineName',
};

export const nameRules: Rule[] = [
  {
    name: 'nothing has a name of its own that a second stage would find taken',
    findings: (templates: Templates) =>
      each(resourcesOf(templates, ...Object.keys(nameOf)), ({ stack, id, resource, properties }) => {
        const name = properties[nameOf[resource.Type] ?? ''];
        return name !== undefined && `${stack}/${id}: ${name}`;
      }),
    reintroduce: (templates) => {
      oneOf(templates, 'AWS::ECS::Cluster').properties.ClusterName = 'kyo-production-cluster';
    },
  },
];
