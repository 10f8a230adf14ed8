import { problems } from '@kyong/contracts';
import * as wafv2 from 'aws-cdk-lib/aws-wafv2';
import { Construct } from 'constructs';
import type { Stage } from '../../config/index.ts';
import { problemBody } from './edge-proof.ts';

const scriptsInBodies = {
  rule: 'CrossSiteScripting_BODY',
  label: 'awswaf:managed:aws:core-rule-set:CrossSiteScripting_Body',
};

/**
 * Rules AWS keeps up to date (AWS WAF: AWS Managed Rules rule groups). Two count only: the one against large bodies, since a body
 * of ours may have 64 KiB and each service bounds its own; and the one against scripts in bodies, which `ScriptsInBodies` takes
 * up. What the others block is no client of ours, and gets the firewall's own 403.
 */
const ruleGroups: { name: string; countOnly?: string[] }[] = [
  { name: 'AWSManagedRulesAmazonIpReputationList' },
  { name: 'AWSManagedRulesCommonRuleSet', countOnly: ['SizeRestrictions_BODY', scriptsInBodies.rule] },
  { name: 'AWSManagedRulesKnownBadInputsRuleSet' },
];

/** Codes cost money to send and are worth guessing: addresses get fewer of these than of other requests. */
const signInPath = '/api/otp/';
/** What providers say of messages: a few addresses of theirs call for everybody, and prove by a token that they may. */
const receiptsPath = '/api/otp/receipts/';
/** What people write together is rich text, which looks like scripts; it comes here when a socket cannot be opened. */
const richTextPaths = ['/socket.io/', '/api/collaboration/'];

const windowSeconds = 300;

/** The firewall of CloudFront: managed rules, and limits by address. It has to be in us-east-1. */
export class WebFirewall extends Construct {
  readonly arn: string;

  constructor(
    scope: Construct,
    id: string,
    { requestsPerFiveMinutesPerIp, signInsPerFiveMinutesPerIp, managedRules }: Stage['edge']['firewall'],
  ) {
    super(scope, id);
    const limit = (limitPerIp: number): wafv2.CfnWebACL.RateBasedStatementProperty => ({
      aggregateKeyType: 'IP',
      evaluationWindowSec: windowSeconds,
      limit: limitPerIp,
    });
    const acl = new wafv2.CfnWebACL(this, 'Acl', {
      scope: 'CLOUDFRONT',
      defaultAction: { allow: {} },
      customResponseBodies: {
        rate_limited: problemBody('rate_limited'),
        forbidden: problemBody('forbidden'),
      },
      visibilityConfig: visibility('Firewall'),
      rules: [
        {
          name: 'RequestsPerAddress',
          priority: 0,
          action: tooMany,
          statement: { rateBasedStatement: limit(requestsPerFiveMinutesPerIp) },
          visibilityConfig: visibility('RequestsPerAddress'),
        },
        {
          name: 'SignInsPerAddress',
          priority: 1,
          action: tooMany,
          statement: {
            rateBasedStatement: {
              ...limit(signInsPerFiveMinutesPerIp),
              scopeDownStatement: {
                andStatement: {
                  statements: [under(signInPath), { notStatement: { statement: under(receiptsPath) } }],
                },
              },
            },
          },
          visibilityConfig: visibility('SignInsPerAddress'),
        },
        ...(managedRules ? managed(2) : []),
      ],
    });
    this.arn = acl.attrArn;
  }
}

/** AWS's rules, and what is done with what they only label. */
function managed(firstPriority: number): wafv2.CfnWebACL.RuleProperty[] {
  return [
    ...ruleGroups.map(({ name, countOnly = [] }, index) => ({
      name,
      priority: index + firstPriority,
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
    {
      name: 'ScriptsInBodies',
      priority: ruleGroups.length + firstPriority,
      action: blockWith('forbidden'),
      statement: {
        andStatement: {
          statements: [
            { labelMatchStatement: { scope: 'LABEL', key: scriptsInBodies.label } },
            { notStatement: { statement: { orStatement: { statements: richTextPaths.map(under) } } } },
          ],
        },
      },
      visibilityConfig: visibility('ScriptsInBodies'),
    },
  ];
}

/** The limit counts the last five minutes: whoever waits as long is let in again, if not sooner. */
const tooMany = blockWith('rate_limited', [{ name: 'retry-after', value: String(windowSeconds) }]);

function blockWith(
  code: 'rate_limited' | 'forbidden',
  responseHeaders: wafv2.CfnWebACL.CustomHTTPHeaderProperty[] = [],
): wafv2.CfnWebACL.RuleActionProperty {
  const { status: responseCode } = problems[code];
  const headers = responseHeaders.length > 0 && { responseHeaders };
  return { block: { customResponse: { responseCode, customResponseBodyKey: code, ...headers } } };
}

function under(path: string): wafv2.CfnWebACL.StatementProperty {
  return {
    byteMatchStatement: {
      fieldToMatch: { uriPath: {} },
      positionalConstraint: 'STARTS_WITH',
      searchString: path,
      textTransformations: [{ priority: 0, type: 'NORMALIZE_PATH' }],
    },
  };
}

function visibility(metricName: string): wafv2.CfnWebACL.VisibilityConfigProperty {
  return { cloudWatchMetricsEnabled: true, sampledRequestsEnabled: true, metricName };
}
