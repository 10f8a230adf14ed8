import type { Properties } from '../templates.ts';
import type { InputRule } from './input-rule.ts';
import { firstDuplicate, listOf } from './values.ts';

const acl = 'AWS::WAFv2::WebACL';
/** Capacity units ("AWS WAF quotas"): of a firewall at most, and of the groups that AWS manages. */
const mostCapacity = 5_000;
/** Of a group that is not in the list. */
const unknownCapacity = 1_500;
const groupCapacity: Record<string, number> = {
  AWSManagedRulesAdminProtectionRuleSet: 100,
  AWSManagedRulesAmazonIpReputationList: 25,
  AWSManagedRulesAnonymousIpList: 50,
  AWSManagedRulesBotControlRuleSet: 50,
  AWSManagedRulesCommonRuleSet: 700,
  AWSManagedRulesKnownBadInputsRuleSet: 200,
  AWSManagedRulesLinuxRuleSet: 200,
  AWSManagedRulesSQLiRuleSet: 200,
};
/** More than a rule of our own needs: a rate, its scope, a transformation. */
const ownRuleCapacity = 50;
const rulesOf = ({ Rules }: Properties) => listOf(Rules);

export const wafInput: InputRule[] = [
  {
    name: 'firewalls of CloudFront are in us-east-1',
    type: acl,
    refuses: ({ Scope }, { region }) =>
      Scope === 'CLOUDFRONT' &&
      region !== 'us-east-1' &&
      'The scope is not valid., field: SCOPE_VALUE, parameter: CLOUDFRONT',
    fault: ({ edge }) => {
      if (edge) edge.Resources.Faulty = { Type: acl, Properties: { Scope: 'CLOUDFRONT' } };
    },
  },
  {
    name: 'rules of a firewall have names and priorities of their own',
    type: acl,
    refuses: (properties) => {
      const twice =
        firstDuplicate(rulesOf(properties).map(({ Priority }) => Number(Priority))) ??
        firstDuplicate(rulesOf(properties).map(({ Name }) => String(Name)));
      return twice !== undefined && `Your statement has duplicate names or priorities: ${twice}`;
    },
    fault: { Rules: ['First', 'Second'].map((Name) => ({ Name, Priority: 0, Statement: {} })) },
  },
  {
    name: 'rules of a firewall fit into its capacity',
    type: acl,
    refuses: (properties) => {
      const units = rulesOf(properties).map(({ Statement }) => {
        const group = Statement?.ManagedRuleGroupStatement?.Name as string | undefined;
        return group === undefined ? ownRuleCapacity : (groupCapacity[group] ?? unknownCapacity);
      });
      const sum = units.reduce((total, each) => total + each, 0);
      return (
        sum > mostCapacity &&
        `WAF has exceeded the limit of ${mostCapacity} web ACL capacity units: the rules need ${sum}.`
      );
    },
    fault: {
      Rules: Array.from({ length: 8 }, (_, Priority) => ({
        Name: `CommonRuleSet${Priority}`,
        Priority,
        Statement: { ManagedRuleGroupStatement: { VendorName: 'AWS', Name: 'AWSManagedRulesCommonRuleSet' } },
      })),
    },
  },
  {
    name: 'logs of a firewall go where WAF may write',
    type: 'AWS::WAFv2::LoggingConfiguration',
    refuses: ({ LogDestinationConfigs }, { find }) => {
      const wrong = listOf(LogDestinationConfigs)
        .map(String)
        .find((arn) => {
          const { LogGroupName, BucketName } = find(arn)?.properties ?? {};
          return !`${LogGroupName ?? BucketName ?? arn.split(/:::|log-group:|deliverystream\//)[1]}`.startsWith(
            'aws-waf-logs-',
          );
        });
      return (
        wrong &&
        "The ARN isn't valid. A valid ARN begins with arn: and the destination's name with aws-waf-logs-"
      );
    },
    fault: { LogDestinationConfigs: ['arn:aws:logs:us-east-1:123456789012:log-group:kyo-firewall'] },
  },
  {
    name: 'firewalls of a region stand before what is in it',
    type: 'AWS::WAFv2::WebACLAssociation',
    refuses: ({ ResourceArn, WebACLArn }, { find }) => {
      if (find(WebACLArn)?.properties.Scope === 'CLOUDFRONT')
        return 'The firewall of a distribution is named by the distribution: AssociateWebACL takes regional ones.';
      return (
        !/:(elasticloadbalancing(v2)?|apigateway|cognito-idp|appsync|apprunner|ec2):/.test(
          String(ResourceArn),
        ) && "The ARN isn't valid: the resource can have no regional firewall"
      );
    },
    fault: {
      ResourceArn: 'arn:aws:cloudfront::123456789012:distribution/E1234567890',
      WebACLArn: 'arn:aws:wafv2:us-east-1:123456789012:global/webacl/kyo/1',
    },
  },
];
