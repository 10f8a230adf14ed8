import { viewerHeader } from '@kyong/tenant-provisioning/source-address';
import { each, type Rule } from './rule.ts';
import { oneOf, type Properties, resourcesOf, type Templates } from './templates.ts';

const distribution = 'AWS::CloudFront::Distribution';
const acl = 'AWS::WAFv2::WebACL';
const listenerRule = 'AWS::ElasticLoadBalancingV2::ListenerRule';

/** What the contract says goes where, and who is asked first. */
const contractPriorities: Record<string, number> = {
  '/socket.io/*': 100,
  '/api/collaboration/*': 100,
  '/api/*': 200,
};

const routes = (templates: Templates) =>
  resourcesOf(templates, listenerRule).flatMap(({ properties }) =>
    (properties.Conditions as Properties[]).flatMap(({ PathPatternConfig }) =>
      ((PathPatternConfig?.Values ?? []) as string[]).map((path) => ({
        path,
        priority: Number(properties.Priority),
      })),
    ),
  );

const ofCloudFront = (templates: Templates) =>
  resourcesOf(templates, acl).filter(({ properties }) => properties.Scope === 'CLOUDFRONT');

/** The firewall before a stage of API Gateway. */
function guardOf(templates: Templates, stageId: string): Properties | undefined {
  const association = resourcesOf(templates, 'AWS::WAFv2::WebACLAssociation').find(({ properties }) =>
    JSON.stringify(properties.ResourceArn).includes(stageId),
  );
  const aclId = association?.properties.WebACLArn['Fn::GetAtt'][0];
  return resourcesOf(templates, acl).find(({ id }) => id === aclId)?.properties;
}

/** What the one header has to be that it lets through. */
const searchedFor = (guard?: Properties) => guard?.Rules[0]?.Statement.ByteMatchStatement?.SearchString;

const origins = (templates: Templates) =>
  resourcesOf(templates, distribution).flatMap(
    ({ properties }) => properties.DistributionConfig.Origins as Properties[],
  );
const originsOfTheApi = (templates: Templates) =>
  origins(templates).filter(({ DomainName }) => JSON.stringify(DomainName).includes('.execute-api.'));
const attributeOf = ({ LoadBalancerAttributes = [] }: Properties, key: string) =>
  (LoadBalancerAttributes as Properties[]).find(({ Key }) => Key === key)?.Value;

export const edgeRules: Rule[] = [
  {
    name: 'the firewall of CloudFront is in us-east-1, and CloudFront is behind it',
    findings: (templates) => [
      ...each(
        resourcesOf(templates, acl),
        ({ stack, properties }) =>
          properties.Scope === 'CLOUDFRONT' && stack !== 'edge-global' && `${stack}: not in us-east-1`,
      ),
      ...each(
        resourcesOf(templates, distribution),
        ({ id, properties }) => !properties.DistributionConfig.WebACLId && `${id}: no firewall`,
      ),
    ],
    reintroduce: (templates) => {
      oneOf(templates, distribution).properties.DistributionConfig.WebACLId = undefined;
    },
  },
  {
    name: 'the firewall counts, limits by address, and shows what it did',
    findings: (templates) =>
      each(ofCloudFront(templates), ({ id, properties }) => {
        const limited = (properties.Rules as Properties[]).some(
          ({ Statement }) => Statement.RateBasedStatement,
        );
        return (!properties.VisibilityConfig || !limited) && id;
      }),
    reintroduce: (templates) => {
      for (const { properties } of ofCloudFront(templates)) properties.VisibilityConfig = undefined;
    },
  },
  {
    name: 'whoever asks too often is told to wait, in words that programs read',
    findings: (templates) =>
      ofCloudFront(templates).flatMap(({ properties }) =>
        each(properties.Rules as Properties[], ({ Name, Statement, Action }) => {
          const answer = Action?.Block?.CustomResponse;
          const waits = (answer?.ResponseHeaders ?? []).some(
            ({ Name: name }: Properties) => name === 'retry-after',
          );
          return Statement.RateBasedStatement && (answer?.ResponseCode !== 429 || !waits) && Name;
        }),
      ),
    reintroduce: (templates) => {
      for (const { properties } of ofCloudFront(templates))
        for (const rule of properties.Rules) if (rule.Action) rule.Action = { Block: {} };
    },
  },
  {
    name: 'nobody but CloudFront reaches the API, by a secret that stands in no template',
    findings: (templates) => [
      ...each(resourcesOf(templates, 'AWS::ApiGateway::Stage'), ({ id }) => {
        const guard = guardOf(templates, id);
        return (!guard?.DefaultAction.Block || !searchedFor(guard)) && `${id}: open to everybody`;
      }),
      ...each(originsOfTheApi(templates), ({ DomainName, OriginCustomHeaders = [] }) => {
        const accepted = resourcesOf(templates, 'AWS::ApiGateway::Stage').map(({ id }) =>
          JSON.stringify(searchedFor(guardOf(templates, id))),
        );
        const proves = (OriginCustomHeaders as Properties[])
          .map(({ HeaderValue }) => JSON.stringify(HeaderValue))
          .some((value) => value.includes('{{resolve:secretsmanager:') && accepted.includes(value));
        return !proves && `${JSON.stringify(DomainName)}: CloudFront does not prove itself`;
      }),
    ],
    reintroduce: (templates) => {
      for (const { properties } of resourcesOf(templates, acl))
        if (properties.Scope === 'REGIONAL') properties.DefaultAction = { Allow: {} };
    },
  },
  {
    name: 'the API hears from CloudFront who calls',
    findings: (templates) =>
      resourcesOf(templates, distribution).flatMap(({ properties }) => {
        const ids = originsOfTheApi(templates).map(({ Id }) => Id);
        return each(
          (properties.DistributionConfig.CacheBehaviors as Properties[]).filter(({ TargetOriginId }) =>
            ids.includes(TargetOriginId),
          ),
          ({ PathPattern, FunctionAssociations = [] }) => {
            const names = (FunctionAssociations as Properties[]).map(
              ({ FunctionARN }) => FunctionARN['Fn::GetAtt'][0],
            );
            const says = resourcesOf(templates, 'AWS::CloudFront::Function').some(
              ({ id, properties: { FunctionCode } }) =>
                names.includes(id) && FunctionCode.includes(viewerHeader),
            );
            return !says && PathPattern;
          },
        );
      }),
    reintroduce: (templates) => {
      for (const { properties } of resourcesOf(templates, distribution))
        for (const behaviour of properties.DistributionConfig.CacheBehaviors)
          behaviour.FunctionAssociations = undefined;
    },
  },
  {
    name: 'nothing is served in the clear',
    findings: (templates) =>
      resourcesOf(templates, distribution).flatMap(({ properties }) => {
        const { DefaultCacheBehavior, CacheBehaviors = [] } = properties.DistributionConfig;
        return each(
          [DefaultCacheBehavior, ...CacheBehaviors] as Properties[],
          ({ PathPattern = '*', ViewerProtocolPolicy }) =>
            ViewerProtocolPolicy === 'allow-all' && PathPattern,
        );
      }),
    reintroduce: (templates) => {
      oneOf(templates, distribution).properties.DistributionConfig.DefaultCacheBehavior.ViewerProtocolPolicy =
        'allow-all';
    },
  },
  {
    name: 'answers of services and of the control plane are never kept',
    findings: (templates) =>
      resourcesOf(templates, distribution).flatMap(({ properties }) =>
        each(
          (properties.DistributionConfig.CacheBehaviors ?? []) as Properties[],
          ({ PathPattern, CachePolicyId }) =>
            CachePolicyId !== '4135ea2d-6df8-44a3-9df3-4b5a84be39ad' && PathPattern,
        ),
      ),
    reintroduce: (templates) => {
      const [behaviour] = oneOf(templates, distribution).properties.DistributionConfig.CacheBehaviors;
      behaviour.CachePolicyId = '658327ea-f89d-4fab-a63d-7e88639e58f6';
    },
  },
  {
    name: 'the bucket of the dashboard is read by CloudFront alone',
    findings: (templates) => [
      ...each(
        resourcesOf(templates, distribution),
        ({ properties }) =>
          !(properties.DistributionConfig.Origins as Properties[]).some(
            ({ OriginAccessControlId }) => OriginAccessControlId,
          ) && 'no access control',
      ),
      ...each(
        resourcesOf(templates, 'AWS::S3::Bucket'),
        ({ id, properties }) => properties.PublicAccessBlockConfiguration?.BlockPublicPolicy !== true && id,
      ),
    ],
    reintroduce: (templates) => {
      oneOf(templates, 'AWS::S3::Bucket').properties.PublicAccessBlockConfiguration = undefined;
    },
  },
  {
    name: 'the load balancer sends paths where the contract says, the particular before the general',
    findings: (templates) => [
      ...each(
        routes(templates),
        ({ path, priority }) =>
          path in contractPriorities && contractPriorities[path] !== priority && `${path}: ${priority}`,
      ),
      ...each(
        routes(templates),
        ({ path, priority }) =>
          path.startsWith('/api/') && path !== '/api/*' && priority >= 200 && `${path}: hidden by /api/*`,
      ),
      ...(routes(templates).length > 0 ? [] : ['no rules: nothing is reached']),
    ],
    reintroduce: (templates) => {
      oneOf(templates, listenerRule).properties.Priority = 300;
    },
  },
  {
    name: 'the load balancer has a listener, and is no address of the internet',
    findings: (templates) => [
      ...(resourcesOf(templates, 'AWS::ElasticLoadBalancingV2::Listener').length > 0 ? [] : ['no listener']),
      ...each(
        resourcesOf(templates, 'AWS::ElasticLoadBalancingV2::LoadBalancer'),
        ({ id, properties }) => properties.Scheme !== 'internal' && `${id}: ${properties.Scheme}`,
      ),
    ],
    reintroduce: (templates) => {
      oneOf(templates, 'AWS::ElasticLoadBalancingV2::LoadBalancer').properties.Scheme = 'internet-facing';
    },
  },
  {
    name: 'CloudFront lets an idle connection go before the load balancer does',
    findings: (templates) => {
      const idle = resourcesOf(templates, 'AWS::ElasticLoadBalancingV2::LoadBalancer').map(({ properties }) =>
        Number(attributeOf(properties, 'idle_timeout.timeout_seconds') ?? 60),
      );
      return each(origins(templates), ({ Id, VpcOriginConfig }) => {
        const kept = VpcOriginConfig?.OriginKeepaliveTimeout;
        return (
          VpcOriginConfig && !(kept < Math.min(...idle)) && `${Id}: ${kept} s, the load balancer ${idle} s`
        );
      });
    },
    reintroduce: (templates) => {
      for (const { VpcOriginConfig } of origins(templates))
        if (VpcOriginConfig) VpcOriginConfig.OriginKeepaliveTimeout = 60;
    },
  },
];
