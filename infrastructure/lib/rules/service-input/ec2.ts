import type { Properties } from '../templates.ts';
import type { InputRule, ServiceResource, Surroundings } from './input-rule.ts';
import { firstDuplicate, listOf } from './values.ts';

const group = 'AWS::EC2::SecurityGroup';
const ingress = 'AWS::EC2::SecurityGroupIngress';
/** "Amazon VPC quotas": rules of a group in one direction. */
const mostRules = 60;

/** By what EC2 tells rules apart; their description is not a part of it. */
const keyOf = ({
  IpProtocol,
  FromPort,
  ToPort,
  CidrIp,
  CidrIpv6,
  SourceSecurityGroupId,
  DestinationSecurityGroupId,
  SourcePrefixListId,
}: Properties) =>
  [
    IpProtocol,
    FromPort,
    ToPort,
    CidrIp,
    CidrIpv6,
    SourceSecurityGroupId,
    DestinationSecurityGroupId,
    SourcePrefixListId,
  ].join();

function rulesOf(owner: ServiceResource | undefined, { all, find }: Surroundings): Properties[] {
  const separate = all(ingress).filter(({ properties }) => find(properties.GroupId)?.name === owner?.name);
  return [...listOf(owner?.properties.SecurityGroupIngress), ...separate.map(({ properties }) => properties)];
}

function rulesFault(rules: Properties[]): string | false {
  if (rules.length > mostRules) return 'The maximum number of rules per security group has been reached.';
  const twice = firstDuplicate(rules.map(keyOf));
  return twice !== undefined && `InvalidPermission.Duplicate: the specified rule "${twice}" already exists`;
}

export const ec2Input: InputRule[] = [
  {
    name: 'a security group has each rule once, and no more than sixty',
    type: ingress,
    refuses: ({ GroupId }, surroundings) => rulesFault(rulesOf(surroundings.find(GroupId), surroundings)),
    fault: ({ network }) => {
      const { Resources = {} } = network ?? {};
      const [, found] = Object.entries(Resources).find(([, { Type }]) => Type === ingress) ?? [];
      if (found) Resources.Faulty = { ...found, Properties: { ...found.Properties, Description: 'again' } };
    },
  },
  {
    name: 'a security group has each of its own rules once',
    type: group,
    refuses: ({ SecurityGroupIngress, SecurityGroupEgress }) =>
      rulesFault(listOf(SecurityGroupIngress)) || rulesFault(listOf(SecurityGroupEgress)),
    fault: {
      SecurityGroupIngress: ['one', 'another'].map((Description) => ({
        IpProtocol: 'tcp',
        FromPort: 80,
        ToPort: 80,
        CidrIp: '10.0.0.0/16',
        Description,
      })),
    },
  },
  {
    name: 'flow logs name a role for CloudWatch, and none for S3',
    type: 'AWS::EC2::FlowLog',
    refuses: ({ LogDestinationType = 'cloud-watch-logs', DeliverLogsPermissionArn }) => {
      const needsRole = LogDestinationType === 'cloud-watch-logs';
      if (needsRole && !DeliverLogsPermissionArn)
        return 'DeliverLogsPermissionArn can not be empty with LogDestinationType of cloud-watch-logs.';
      return (
        !needsRole &&
        DeliverLogsPermissionArn &&
        `DeliverLogsPermissionArn is not applicable for ${LogDestinationType} delivery.`
      );
    },
    fault: { LogDestinationType: 's3' },
  },
];
