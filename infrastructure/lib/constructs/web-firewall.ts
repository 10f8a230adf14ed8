import * as wafv2 from 'aws-cdk-lib/aws-wafv2';
import { Construct } from 'constructs';

/**
 * Rules AWS keeps up to date (AWS WAF: AWS Managed Rules rule groups). The rule against large bodies counts only: a body of
 * ours may have 64 KiB, and each service bounds its own.
 */
const managedRules: { name: string; countOnly?: string[] }[] = [
  { name: 'AWSManagedRulesAmazonIpReputationList' },
  { name: 'AWSManagedRulesCommonRuleSet', countOnly: ['SizeRestrictions_BODY'] },
  { name: 'AWSManagedRulesKnownBadInputsRuleSet' },
];

/** Codes cost money to send and are worth guessing: addresses get fewer of these than of other requests. */
const signInPath = '/api/otp/';
const signInShare = 10;

/** The firewall of CloudFront: managed rules, and limits by address. It has to be in us-east-1. */
export class WebFirewall extends Construct {
  readonly arn: string;

  constructor(
    scope: Construct,
    id: string,
    { requestsPerFiveMinutesPerIp }: { requestsPerFiveMinutesPerIp: number },
  ) {
    super(scope, id);
    const limit = (limitPerIp: number): wafv2.CfnWebACL.RateBasedStatementProperty => ({
      aggregateKeyType: 'IP',
      evaluationWindowSec: 300,
      limit: limitPerIp,
    });
    const acl = new wafv2.CfnWebACL(this, 'Acl', {
      scope: 'CLOUDFRONT',
      defaultAction: { allow: {} },
      visibilityConfig: visibility('Firewall'),
      rules: [
        {
          name: 'RequestsPerAddress',
          priority: 0,
          action: { block: {} },
          statement: { rateBasedStatement: limit(requestsPerFiveMinutesPerIp) },
          visibilityConfig: visibility('RequestsPerAddress'),
        },
        {
          name: 'SignInsPerAddress',
          priority: 1,
          action: { block: {} },
          statement: {
            rateBasedStatement: {
              ...limit(Math.max(10, Math.floor(requestsPerFiveMinutesPerIp / signInShare))),
              scopeDownStatement: {
                byteMatchStatement: {
                  fieldToMatch: { uriPath: {} },
                  positionalConstraint: 'STARTS_WITH',
                  searchString: signInPath,
                  textTransformations: [{ priority: 0, type: 'NORMALIZE_PATH' }],
                },
              },
            },
          },
          visibilityConfig: visibility('SignInsPerAddress'),
        },
        ...managedRules.map(({ name, countOnly = [] }, index) => ({
          name,
          priority: index + 2,
          overrideAction: { none: {} },
          statement: {
            managedRuleGroupStatement: {
              vendorName: 'AWS',
              name,
              ruleActionOverrides: countOnly.map((rule) => ({ name: rule, actionToUse: { count: {} } })),
            },
          },
          visibilityConfig: visibility(name),
        })),
      ],
    });
    this.arn = acl.attrArn;
  }
}

function visibility(metricName: string): wafv2.CfnWebACL.VisibilityConfigProperty {
  return { cloudWatchMetricsEnabled: true, sampledRequestsEnabled: true, metricName };
}
