import { each, type Rule } from './rule.ts';
import { type FoundResource, oneOf, type Template, type Templates } from './templates.ts';

/**
 * Properties whose change replaces the resource ("Update requires: Replacement"), of types that hold something, or that
 * others reach by their name.
 */
const replacing: Record<string, string[]> = {
  'AWS::Backup::BackupVault': ['BackupVaultName', 'EncryptionKeyArn'],
  'AWS::EC2::Instance': ['AvailabilityZone', 'ImageId', 'KeyName', 'SubnetId', 'SecurityGroupIds'],
  'AWS::EC2::NatGateway': ['AllocationId', 'SubnetId'],
  'AWS::EC2::SecurityGroup': ['GroupDescription', 'GroupName', 'VpcId'],
  'AWS::EC2::Subnet': ['AvailabilityZone', 'CidrBlock', 'VpcId'],
  'AWS::ECR::Repository': ['EncryptionConfiguration', 'RepositoryName'],
  'AWS::ECS::Cluster': ['ClusterName'],
  'AWS::ECS::Service': ['Cluster', 'LaunchType', 'ServiceName'],
  'AWS::ElastiCache::ReplicationGroup': [
    'AtRestEncryptionEnabled',
    'CacheSubnetGroupName',
    'DataTieringEnabled',
    'GlobalReplicationGroupId',
    'KmsKeyId',
    'NetworkType',
    'Port',
    'ReplicationGroupId',
    'SnapshotArns',
    'SnapshotName',
  ],
  'AWS::ElastiCache::User': ['Engine', 'UserId', 'UserName'],
  'AWS::ElasticLoadBalancingV2::LoadBalancer': ['Name', 'Scheme', 'Type'],
  'AWS::ElasticLoadBalancingV2::TargetGroup': ['Name', 'Port', 'Protocol', 'TargetType', 'VpcId'],
  'AWS::Lambda::Function': ['FunctionName', 'PackageType'],
  'AWS::RDS::DBInstance': [
    'AvailabilityZone',
    'CharacterSetName',
    'DBInstanceIdentifier',
    'DBName',
    'DBSnapshotIdentifier',
    'DBSubnetGroupName',
    'Engine',
    'KmsKeyId',
    'MasterUsername',
    'SourceDBInstanceIdentifier',
    'StorageEncrypted',
    'Timezone',
  ],
  'AWS::S3::Bucket': ['BucketName'],
  'AWS::SecretsManager::Secret': ['Name'],
  'AWS::StepFunctions::StateMachine': ['StateMachineName', 'StateMachineType'],
};

/** Values from elsewhere that may be there, because what makes them is itself not replaced. */
const allowed: Record<string, string> = {
  'AWS::ElastiCache::ReplicationGroup.KmsKeyId': 'no property of a key replaces it',
  'AWS::ElasticLoadBalancingV2::TargetGroup.VpcId':
    'a VPC is replaced when its range is, and everything in it with it',
};

/** Whether the value may change while the template stays: it is an output of another stack, or what a parameter holds that day. */
function comesFromElsewhere(value: unknown, { Parameters = {} }: Template): boolean {
  const text = JSON.stringify(value) ?? '';
  const looksUp = Object.entries(Parameters).some(
    ([name, { Type }]) => Type.startsWith('AWS::SSM::') && text.includes(`{"Ref":"${name}"}`),
  );
  return looksUp || /"Fn::(GetStackOutput|ImportValue)"|\{\{resolve:ssm:/.test(text);
}

function* resourcesIn(templates: Templates): Generator<FoundResource & { template: Template }> {
  for (const [stack, template] of Object.entries(templates))
    for (const [id, resource] of Object.entries(template.Resources))
      yield { stack, id, resource, properties: resource.Properties ?? {}, template };
}

export const replacementRules: Rule[] = [
  {
    name: 'nothing is replaced because a value elsewhere changed',
    findings: (templates) =>
      [...resourcesIn(templates)].flatMap(({ stack, id, resource: { Type }, properties, template }) =>
        each(
          replacing[Type] ?? [],
          (property) =>
            !(`${Type}.${property}` in allowed) &&
            comesFromElsewhere(properties[property], template) &&
            `${stack}/${id}: ${property}`,
        ),
      ),
    reintroduce: (templates) => {
      oneOf(templates, 'AWS::RDS::DBInstance').properties.DBSubnetGroupName = {
        'Fn::GetStackOutput': { StackName: 'kyo-prod-network', OutputName: 'DatabaseSubnets' },
      };
    },
  },
];
