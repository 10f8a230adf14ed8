import { each, type Rule } from './rule.ts';
import { AsDeployed } from './service-input/as-deployed.ts';
import type { ServiceResource, Surroundings } from './service-input/input-rule.ts';
import { statementsOf } from './service-input/policies.ts';
import { listOf } from './service-input/values.ts';
import { oneOf, type Properties, type Templates } from './templates.ts';

/** A service that acts on a queue, bucket or function by itself; the policy of that says whether it may. */
interface Given {
  by: string;
  service: string;
  target: ServiceResource;
}

/** Where a type names what its service then acts on, and as which service. */
const givenBy: Record<string, (properties: Properties) => [reference: unknown, service: string][]> = {
  'AWS::Events::Rule': ({ Targets }) =>
    listOf(Targets).flatMap(({ Arn, DeadLetterConfig, RoleArn }) => [
      ...(RoleArn ? [] : [[Arn, 'events'] as [unknown, string]]),
      [DeadLetterConfig?.Arn, 'events'] as [unknown, string],
    ]),
  'AWS::SNS::Subscription': ({ Endpoint }) => [[Endpoint, 'sns']],
  'AWS::S3::Bucket': ({ LoggingConfiguration }) => [
    [LoggingConfiguration?.DestinationBucketName, 'logging.s3'],
  ],
  'AWS::ElasticLoadBalancingV2::LoadBalancer': ({ LoadBalancerAttributes }) =>
    listOf(LoadBalancerAttributes)
      .filter(({ Key }) => Key === 'access_logs.s3.bucket')
      .map(({ Value }) => [Value, 'delivery.logs']),
  'AWS::ApiGateway::Authorizer': ({ AuthorizerUri }) => [[functionIn(AuthorizerUri), 'apigateway']],
  'AWS::ApiGateway::Method': ({ Integration }) => [[functionIn(Integration?.Uri), 'apigateway']],
  'AWS::CloudFront::Distribution': ({ DistributionConfig }) =>
    listOf(DistributionConfig?.Origins)
      .filter(({ OriginAccessControlId }) => OriginAccessControlId)
      .map(({ DomainName }) => [String(DomainName).split('.')[0], 'cloudfront']),
};
const functionIn = (uri: unknown) => /functions\/(.+)\/invocations$/.exec(String(uri))?.[1];

/** Types with a policy of their own, what carries it, and in which property it names them. */
const policyOf: Record<string, { type: string; names: string }> = {
  'AWS::SQS::Queue': { type: 'AWS::SQS::QueuePolicy', names: 'Queues' },
  'AWS::S3::Bucket': { type: 'AWS::S3::BucketPolicy', names: 'Bucket' },
  'AWS::Lambda::Function': { type: 'AWS::Lambda::Permission', names: 'FunctionName' },
};

function admits({ service, target }: Given, { all, find }: Surroundings): boolean {
  const { type, names } = policyOf[target.type] ?? { type: '', names: '' };
  const principal = `${service}.amazonaws.com`;
  return all(type)
    .filter(({ properties }) => listOf(properties[names]).some((name) => find(name)?.name === target.name))
    .some(({ properties: { Principal, PolicyDocument } }) =>
      Principal === undefined
        ? statementsOf(PolicyDocument).some(
            ({ Effect, Principal: admitted }) =>
              Effect === 'Allow' && listOf(admitted?.Service).map(String).includes(principal),
          )
        : Principal === principal,
    );
}

function* refusedIn(templates: Templates): Generator<Given> {
  const deployed = new AsDeployed(templates);
  for (const [type, given] of Object.entries(givenBy))
    for (const [{ name: by, properties }, surroundings] of deployed.of(type))
      for (const [reference, service] of given(properties)) {
        const target = reference === undefined ? undefined : surroundings.find(reference);
        if (!target || !(target.type in policyOf)) continue;
        if (!admits({ by, service, target }, surroundings)) yield { by, service, target };
      }
}

export const admittedServiceRules: Rule[] = [
  {
    name: 'the policies of queues, buckets and functions admit every service that is given them',
    findings: (templates) =>
      each(
        [...refusedIn(templates)],
        ({ by, service, target }) => `${target.name} does not admit ${service}.amazonaws.com of ${by}`,
      ),
    reintroduce: (templates) => {
      oneOf(templates, 'AWS::SQS::QueuePolicy').properties.PolicyDocument.Statement = [];
    },
  },
];
