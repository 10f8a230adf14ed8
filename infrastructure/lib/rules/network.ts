import { each, type Rule } from './rule.ts';
import { type FoundResource, oneOf, type Properties, resourcesOf, type Templates } from './templates.ts';

const tier = ({ properties }: FoundResource) =>
  (properties.Tags as Properties[]).find(({ Key }) => Key === 'aws-cdk:subnet-name')?.Value as string;
const instanceType = 'AWS::EC2::Instance';
const subnets = (templates: Templates) => resourcesOf(templates, 'AWS::EC2::Subnet');
const prefix = ({ properties }: FoundResource) => Number(String(properties.CidrBlock).split('/')[1]);

export const networkRules: Rule[] = [
  {
    name: 'each database subnet has room for a thousand servers',
    findings: (templates) =>
      each(
        subnets(templates).filter((subnet) => tier(subnet) === 'databases'),
        (subnet) => prefix(subnet) > 21 && `${subnet.id}: /${prefix(subnet)}`,
      ),
    reintroduce: (templates) => {
      oneOf(templates, 'AWS::EC2::Subnet', (subnet) => tier(subnet) === 'databases').properties.CidrBlock =
        '10.20.0.0/28';
    },
  },
  {
    name: 'there are three tiers in three zones',
    findings: (templates) => {
      const zones = Map.groupBy(subnets(templates), tier);
      return ['public', 'services', 'databases'].flatMap((name) => {
        const found = new Set(zones.get(name)?.map(({ properties }) => properties.AvailabilityZone));
        return found.size === 3 ? [] : [`${name}: ${found.size} zones`];
      });
    },
    reintroduce: (templates) => {
      const { stack, id } = oneOf(templates, 'AWS::EC2::Subnet');
      delete templates[stack]?.Resources[id];
    },
  },
  {
    name: 'refused connections are logged, and what goes to S3 needs no way out',
    findings: (templates) => [
      ...(resourcesOf(templates, 'AWS::EC2::FlowLog').length === 1 ? [] : ['no flow log']),
      ...(resourcesOf(templates, 'AWS::EC2::VPCEndpoint').length >= 1 ? [] : ['no gateway endpoint']),
    ],
    reintroduce: (templates) => {
      const { stack, id } = oneOf(templates, 'AWS::EC2::FlowLog');
      delete templates[stack]?.Resources[id];
    },
  },
  {
    name: 'databases and cache are reached by groups, never by ranges of addresses',
    findings: (templates) => {
      const guarded = resourcesOf(templates, 'AWS::EC2::SecurityGroup').filter(({ id }) =>
        /databases|cache/.test(id),
      );
      const inline = each(
        guarded,
        ({ id, properties }) =>
          (properties.SecurityGroupIngress?.length ?? 0) > 0 && `${id}: a range of addresses`,
      );
      const reachable = ['functions', 'services'].flatMap((from) =>
        resourcesOf(templates, 'AWS::EC2::SecurityGroupIngress').some(
          ({ id, properties }) =>
            id.includes(`databasesfrom`) && id.includes(from) && properties.FromPort === 5432,
        )
          ? []
          : [`databases: not reached by ${from}`],
      );
      return [...inline, ...reachable];
    },
    reintroduce: (templates) => {
      oneOf(templates, 'AWS::EC2::SecurityGroup', ({ id }) =>
        id.includes('cache'),
      ).properties.SecurityGroupIngress = [
        { CidrIp: '10.20.0.0/16', FromPort: 6379, ToPort: 6379, IpProtocol: 'tcp' },
      ];
    },
  },
  {
    name: 'an instance is the way out when it says that it is, and not before',
    findings: (templates) =>
      each(
        resourcesOf(templates, instanceType),
        ({ id, resource, properties }) =>
          (resource.CreationPolicy?.ResourceSignal?.Count !== 1 ||
            !JSON.stringify(properties.UserData ?? '').includes(`cfn-signal --exit-code $? --stack`) ||
            !JSON.stringify(properties.UserData).includes(`--resource ${id} `)) &&
          `${id}: the stack goes on when its script has failed`,
      ),
    reintroduce: (templates) => addInstance(templates, { ImageId: 'ami-0123456789abcdef0' }),
  },
  {
    name: 'a new image replaces no instance on its way',
    findings: (templates) => [
      ...Object.entries(templates).flatMap(([stack, { Parameters = {} }]) =>
        Object.entries(Parameters).flatMap(([id, { Type }]) =>
          Type.includes('AWS::EC2::Image::Id') ? [`${stack}: ${id} is looked up at each deployment`] : [],
        ),
      ),
      ...each(
        resourcesOf(templates, instanceType),
        ({ id, properties }) =>
          JSON.stringify(properties.ImageId ?? '').includes('{{resolve:ssm:') &&
          `${id}: its image is looked up at each deployment`,
      ),
    ],
    reintroduce: (templates) =>
      addInstance(templates, {
        ImageId: '{{resolve:ssm:/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-arm64}}',
      }),
  },
  {
    name: 'instances give credentials for a session token alone (IMDSv2)',
    findings: (templates) =>
      each(
        resourcesOf(templates, instanceType),
        ({ id, properties }) =>
          properties.MetadataOptions?.HttpTokens !== 'required' && `${id}: answers version 1 as well`,
      ),
    reintroduce: (templates) => addInstance(templates, { ImageId: 'ami-0123456789abcdef0' }),
  },
];

function addInstance(templates: Templates, properties: Properties): void {
  templates.network = {
    Resources: {
      ...templates.network?.Resources,
      Instance: { Type: instanceType, Properties: properties },
    },
  };
}
