import { resourcesOf } from '../../rules/templates.ts';
import { rates } from '../tokyo.ts';
import { requestsAMonth } from '../workload.ts';
import type { Usage } from './usage.ts';

const kibibytesAnAnswer = 4;
const gibibytes = (kibibytes: number) => kibibytes / 2 ** 20;
/** Four images of a hundred mebibytes at each deployment, none of which stays. */
const imageGibibytesADeployment = 0.4;

export const bytes: Usage[] = [
  {
    item: 'bytes from the edge, GiB',
    types: ['AWS::CloudFront::Distribution'],
    assumption: `the workload's downloads, and ${kibibytesAnAnswer} KiB for each request`,
    units: (_, workload) =>
      workload.downloadedGibibytes + gibibytes(kibibytesAnAnswer * requestsAMonth(workload)),
    usdPerUnit: rates.edgeGibibyteOut,
    alwaysFree: 'edgeGibibytes',
  },
  {
    item: 'bytes through NAT gateways, GiB',
    types: ['AWS::EC2::NatGateway'],
    assumption:
      'images at each deployment, and as much again for calls of AWS; an instance asks nothing for them',
    units: (templates, workload) =>
      resourcesOf(templates, 'AWS::EC2::NatGateway').length > 0
        ? 2 * imageGibibytesADeployment * workload.deploymentsAMonth
        : 0,
    usdPerUnit: rates.natGatewayGibibyte,
  },
  {
    item: 'bytes out to the internet, GiB',
    types: ['AWS::EC2::Instance', 'AWS::EC2::NatGateway', 'AWS::EC2::InternetGateway'],
    assumption: 'one: what providers of messages are sent',
    units: () => 1,
    usdPerUnit: rates.internetGibibyteOut,
    alwaysFree: 'internetGibibytes',
  },
  {
    item: 'bytes between zones, GiB',
    types: ['AWS::EC2::Subnet'],
    assumption:
      'two thirds of what is pulled, and twenty KiB for each request between load balancer, services, cache and databases',
    units: (_, workload) =>
      (2 / 3) *
      (imageGibibytesADeployment * workload.deploymentsAMonth + gibibytes(20 * requestsAMonth(workload))),
    usdPerUnit: rates.zoneGibibyte,
  },
];
