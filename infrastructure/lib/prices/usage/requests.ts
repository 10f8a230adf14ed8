import { resourcesOf, type Templates } from '../../rules/templates.ts';
import { rates } from '../tokyo.ts';
import {
  controlPlaneRequests,
  minutesAMonth,
  requestsAMonth,
  turnsOfAnOperation,
  type Workload,
} from '../workload.ts';
import type { Usage } from './usage.ts';

/** Route 53 looks from about two places in each region, and from eight regions unless told (Developer Guide, "HealthCheckConfig"). */
const checkersOfARegion = 2;
const checkedRegions = 8;
/** What one unit takes (Elastic Load Balancing pricing, "LCU details"). */
const connectionsOfAUnit = 25;
/** Of sweep and drivers, an estimate: most of it is waiting for the master database. */
const secondsOfACall = 0.5;
/** How often a function opens a connection, and reads its secret and with it the key. */
const secretReadsOfACall = 1;

export const requests: Usage[] = [
  {
    item: 'requests at the edge',
    types: ['AWS::CloudFront::Distribution'],
    assumption: "the workload's, and the health check's every 30 s from each place it looks from",
    units: edgeRequests,
    usdPerUnit: rates.edgeRequest,
    alwaysFree: 'edgeRequests',
  },
  {
    item: 'calls of the function at the edge',
    types: ['AWS::CloudFront::Function'],
    assumption: 'every second request of the workload is for a page or a file',
    units: (_, workload) => requestsAMonth(workload) / 2,
    usdPerUnit: rates.edgeFunctionCall,
    alwaysFree: 'edgeFunctionCalls',
  },
  {
    item: 'requests through the firewall',
    types: ['AWS::WAFv2::WebACL'],
    assumption: 'all at the edge; those of the control plane again where it has a firewall of its own',
    units: (templates, workload) =>
      edgeRequests(templates, workload) +
      (resourcesOf(templates, 'AWS::WAFv2::WebACL').length > 1 ? controlPlaneRequests(workload) : 0),
    usdPerUnit: rates.firewallRequest,
  },
  {
    item: 'requests to API Gateway',
    types: ['AWS::ApiGateway::RestApi'],
    assumption: 'one in ten of the workload asks the control plane',
    units: (_, workload) => controlPlaneRequests(workload),
    usdPerUnit: rates.apiRequest,
  },
  {
    item: 'hours of capacity units of the load balancer',
    types: ['AWS::ElasticLoadBalancingV2::LoadBalancer'],
    assumption: `a unit takes ${connectionsOfAUnit} new connections a second, and each request is one`,
    units: (templates, workload) => edgeRequests(templates, workload) / (connectionsOfAUnit * 3_600),
    usdPerUnit: rates.loadBalancerUnitHour,
  },
  {
    item: 'calls of functions',
    types: ['AWS::Lambda::Function'],
    assumption:
      'the sweep every minute, one for each request of the control plane, and each turn of an operation',
    units: functionCalls,
    usdPerUnit: rates.functionCall,
    alwaysFree: 'functionCalls',
  },
  {
    item: 'time of functions, GiB·s',
    types: ['AWS::Lambda::Function'],
    assumption: `${secondsOfACall} s each, with a quarter of a GiB; drivers have seven times as much`,
    units: (templates, workload) =>
      secondsOfACall *
      (0.25 * functionCalls(templates, workload) + 1.5 * workload.operationsAMonth * turnsOfAnOperation),
    usdPerUnit: rates.functionGibibyteSecond,
    alwaysFree: 'functionSeconds',
  },
  {
    item: 'transitions of the state machine',
    types: ['AWS::StepFunctions::StateMachine'],
    assumption: `three for each of ${turnsOfAnOperation} turns of an operation`,
    units: (_, workload) => 3 * workload.operationsAMonth * turnsOfAnOperation,
    usdPerUnit: rates.stateTransition,
    alwaysFree: 'stateTransitions',
  },
  {
    item: 'requests to the keys',
    types: ['AWS::KMS::Key'],
    assumption: 'one for each secret that is read, and one for each file',
    units: (templates, workload) => secretReads(templates, workload) + requestsAMonth(workload) / 10,
    usdPerUnit: rates.keyRequest,
    alwaysFree: 'keyRequests',
  },
  {
    item: 'secrets read',
    types: ['AWS::SecretsManager::Secret'],
    assumption: `${secretReadsOfACall} for each call of a function, ten for each task that starts`,
    units: secretReads,
    usdPerUnit: rates.secretRequest,
  },
  {
    item: 'events, queue, topic',
    types: ['AWS::Events::EventBus', 'AWS::SQS::Queue', 'AWS::SNS::Topic'],
    assumption: 'five events for each operation; the queue is empty, and topics have a thousand free e-mails',
    units: (_, workload) => 5 * workload.operationsAMonth,
    usdPerUnit: rates.event,
  },
  {
    item: 'objects written',
    types: ['AWS::S3::Bucket'],
    assumption:
      'access logs every five minutes from the load balancer in each zone, and those of buckets; the site at each deployment',
    units: (_, workload) => 3 * (minutesAMonth / 5) + 200 * workload.deploymentsAMonth,
    usdPerUnit: rates.bucketWrite,
  },
  {
    item: 'objects read',
    types: ['AWS::S3::Bucket'],
    assumption: 'every second request of the workload, none of them in the cache',
    units: (_, workload) => requestsAMonth(workload) / 2,
    usdPerUnit: rates.bucketRead,
  },
  {
    item: 'names looked up',
    types: ['AWS::Route53::HostedZone', 'AWS::ServiceDiscovery::PrivateDnsNamespace'],
    assumption: 'one for each request of the workload',
    units: (_, workload) => requestsAMonth(workload),
    usdPerUnit: rates.nameQuery,
  },
  {
    item: 'e-mails',
    types: ['AWS::SES::EmailIdentity', 'AWS::ECS::Service'],
    assumption: "the workload's",
    units: (_, { emailsAMonth }) => emailsAMonth,
    usdPerUnit: rates.email,
  },
  {
    item: 'SMS',
    types: ['AWS::ECS::Service'],
    assumption: "the workload's, to Taiwan or Japan, by Amazon; the rent of a number is not in it",
    units: (_, { smsAMonth }) => smsAMonth,
    usdPerUnit: rates.sms,
  },
];

function edgeRequests(templates: Templates, workload: Workload): number {
  const looks = resourcesOf(templates, 'AWS::Route53::HealthCheck').map(({ properties }) => {
    const { Type, Regions, RequestInterval = 30 } = properties.HealthCheckConfig;
    const regions = Type === 'HTTPS' ? (Regions?.length ?? checkedRegions) : 0;
    return (regions * checkersOfARegion * minutesAMonth * 60) / RequestInterval;
  });
  return requestsAMonth(workload) + looks.reduce((sum, each) => sum + each, 0);
}

function functionCalls(_: Templates, workload: Workload): number {
  return minutesAMonth + controlPlaneRequests(workload) + workload.operationsAMonth * turnsOfAnOperation;
}

function secretReads(templates: Templates, workload: Workload): number {
  return secretReadsOfACall * functionCalls(templates, workload) + 10 * 4 * workload.deploymentsAMonth;
}
