import type { InputRule } from './input-rule.ts';
import { listOf, outside, parsed } from './values.ts';

/** Services of which we use a type or two. */
export const smallServicesInput: InputRule[] = [
  {
    name: 'health checks from outside look for a text that is given, at one place',
    type: 'AWS::Route53::HealthCheck',
    refuses: ({ HealthCheckConfig = {} }) => {
      const {
        Type = '',
        SearchString,
        IPAddress,
        FullyQualifiedDomainName,
        FailureThreshold,
        RequestInterval,
      } = HealthCheckConfig;
      if (Type.endsWith('STR_MATCH') !== (SearchString !== undefined))
        return 'SearchString must be specified for HTTP_STR_MATCH and HTTPS_STR_MATCH, and for no other type.';
      const hasPlace = IPAddress !== undefined || FullyQualifiedDomainName !== undefined;
      if (['HTTP', 'HTTPS', 'TCP'].includes(Type.replace('_STR_MATCH', '')) && !hasPlace)
        return 'Invalid parameter: an IP address or a domain name is required.';
      return (
        (outside(FailureThreshold, 1, 10) || ![10, 30, undefined].includes(RequestInterval)) &&
        'FailureThreshold is 1 to 10, and RequestInterval 10 or 30.'
      );
    },
    fault: { HealthCheckConfig: { Type: 'HTTPS_STR_MATCH', FullyQualifiedDomainName: 'kyo.example' } },
  },
  {
    name: 'a secret is given or generated, into a text that is named',
    type: 'AWS::SecretsManager::Secret',
    refuses: ({ SecretString, GenerateSecretString }) => {
      if (SecretString !== undefined && GenerateSecretString !== undefined)
        return 'You must provide either GenerateSecretString or SecretString, not both.';
      const { SecretStringTemplate, GenerateStringKey } = GenerateSecretString ?? {};
      if ((SecretStringTemplate === undefined) !== (GenerateStringKey === undefined))
        return 'SecretStringTemplate and GenerateStringKey must be specified together.';
      return (
        SecretStringTemplate !== undefined &&
        parsed(SecretStringTemplate) === undefined &&
        'SecretStringTemplate is not JSON.'
      );
    },
    fault: { GenerateSecretString: { SecretStringTemplate: '{"username":"kyo"}' } },
  },
  {
    name: 'rules on images say which, and the one on all of them is last',
    type: 'AWS::ECR::Repository',
    refuses: ({ LifecyclePolicy }) => {
      const rules = listOf(parsed(LifecyclePolicy?.LifecyclePolicyText)?.rules);
      const last = Math.max(...rules.map(({ rulePriority }) => Number(rulePriority)));
      const wrong = rules.some(
        ({ rulePriority, selection: { tagStatus, tagPrefixList, tagPatternList } }) =>
          (tagStatus === 'tagged' && !tagPrefixList?.length && !tagPatternList?.length) ||
          (tagStatus === 'any' && Number(rulePriority) !== last),
      );
      return (
        wrong &&
        "Invalid parameter at 'LifecyclePolicyText' failed to satisfy constraint: 'Lifecycle policy validation failure'"
      );
    },
    fault: {
      LifecyclePolicy: {
        LifecyclePolicyText: JSON.stringify({
          rules: [
            {
              rulePriority: 1,
              selection: { tagStatus: 'any', countType: 'imageCountMoreThan', countNumber: 50 },
            },
            {
              rulePriority: 2,
              selection: { tagStatus: 'untagged', countType: 'sinceImagePushed', countNumber: 7 },
            },
          ],
        }),
      },
    },
  },
  {
    name: 'subscriptions have an end of the kind that they say',
    type: 'AWS::SNS::Subscription',
    refuses: ({ Protocol, Endpoint = '' }) => {
      const forms: Record<string, RegExp> = {
        email: /^[^@\s]+@[^@\s]+$/,
        https: /^https:\/\//,
        sqs: /^arn:aws:sqs:/,
        lambda: /^arn:aws:lambda:/,
        sms: /^\+\d{7,15}$/,
      };
      return (
        !(forms[Protocol] ?? /./).test(Endpoint) &&
        `Invalid parameter: Endpoint Reason: ${Endpoint} is no ${Protocol} address`
      );
    },
    fault: { Protocol: 'email', Endpoint: 'operator' },
  },
  {
    name: 'senders of mail are a domain or an address',
    type: 'AWS::SES::EmailIdentity',
    refuses: ({ EmailIdentity = '' }) =>
      !/^([^@\s]+@)?([a-z0-9-]+\.)+[a-z]{2,}$/i.test(EmailIdentity) &&
      `Invalid email identity ${EmailIdentity}: it is neither a domain nor an address`,
    fault: { EmailIdentity: 'kyo' },
  },
];
