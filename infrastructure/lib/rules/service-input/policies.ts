import type { Properties } from '../templates.ts';
import type { InputRule } from './input-rule.ts';
import { listOf } from './values.ts';

export const statementsOf = (document: Properties | undefined): Properties[] => listOf(document?.Statement);
export const actionsOf = ({ Action }: Properties): string[] => listOf(Action).map(String);

/** As IAM counts it: without white space. */
export const sizeOf = (document: unknown) => JSON.stringify(document).replaceAll(/\s/g, '').length;

/** Services that our policies name: one that is misspelt is refused when the policy is stored. */
const servicePrincipals = new Set(
  (
    'apigateway backup budgets cloudformation cloudfront cloudwatch delivery.logs ecs ecs-tasks ec2 events events.rds lambda logging.s3 ' +
    'logs monitoring.rds rds s3 scheduler secretsmanager ses sms-voice sns sqs ssm states vpc-flow-logs'
  )
    .split(' ')
    .map((name) => `${name}.amazonaws.com`),
);
const withoutRegion = (name: string) => name.replace(/\.[a-z]{2}(-[a-z]+)+-\d(?=\.amazonaws\.com$)/, '');

/** What is said of the first service among the principals that there is not; a new one is added to the list above. */
export function unknownService(document: Properties | undefined): string | undefined {
  const unknown = statementsOf(document)
    .flatMap(({ Principal }) => (listOf(Principal?.Service) as unknown[]).map(String))
    .find((name) => !servicePrincipals.has(withoutRegion(name)));
  return unknown && `Invalid principal in policy: "SERVICE":"${unknown}" (known ones are in policies.ts)`;
}

/** Types that carry a policy of a resource: where it is, and the service whose actions it may name. */
const resourcePolicies: Record<string, { property: string; service: string; of: string }> = {
  'AWS::SNS::TopicPolicy': { property: 'PolicyDocument', service: 'sns', of: 'a topic' },
  'AWS::SQS::QueuePolicy': { property: 'PolicyDocument', service: 'sqs', of: 'a queue' },
  'AWS::S3::BucketPolicy': { property: 'PolicyDocument', service: 's3', of: 'a bucket' },
  'AWS::KMS::Key': { property: 'KeyPolicy', service: 'kms', of: 'a key' },
};

export const resourcePolicyInput: InputRule[] = Object.entries(resourcePolicies).map(
  ([type, { property, service, of }]) => ({
    name: `the policy of ${of} names actions of its service and services that exist`,
    type,
    refuses: ({ [property]: document }) => {
      const foreign = statementsOf(document)
        .flatMap(actionsOf)
        .find((action) => action !== '*' && !action.startsWith(`${service}:`));
      if (foreign) return `Policy statement action out of service scope: ${foreign}`;
      return unknownService(document);
    },
    fault: {
      [property]: {
        Statement: [{ Effect: 'Allow', Action: 'dynamodb:PutItem', Principal: { AWS: '*' }, Resource: '*' }],
      },
    },
  }),
);
