import { RemovalPolicy } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as logs from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import type { Stage } from '../../config/index.ts';
import { NatInstance } from './nat-instance.ts';

type PlatformVpcProps = Stage['network'] & { flowLogDays: number };

/**
 * Room for well over a thousand database servers: 3 × 2,043 addresses in the databases' subnets (/21 less the five AWS
 * keeps), of which a server takes one, two with a standby, and some while it is replaced.
 */
const prefixLengths = { public: 24, services: 20, databases: 21 };

/** Public for the way out alone, services behind it, databases without any way out. */
export class PlatformVpc extends ec2.Vpc {
  readonly serviceSubnets: ec2.SubnetSelection = { subnetGroupName: 'services' };
  readonly databaseSubnets: ec2.SubnetSelection = { subnetGroupName: 'databases' };
  /** The way out, where it is an instance. */
  readonly natInstance: NatInstance | undefined;

  constructor(scope: Construct, id: string, { cidr, nat, flowLogDays }: PlatformVpcProps) {
    const provider = typeof nat === 'string' ? ec2.NatProvider.gateway() : new NatInstance(nat, cidr);
    super(scope, id, {
      ipAddresses: ec2.IpAddresses.cidr(cidr),
      maxAzs: 3,
      natGateways: nat === 'gateway-per-zone' ? 3 : 1,
      natGatewayProvider: provider,
      // Nothing is in the default group; emptying it takes a function of its own in every account.
      restrictDefaultSecurityGroup: false,
      subnetConfiguration: [
        {
          name: 'public',
          subnetType: ec2.SubnetType.PUBLIC,
          cidrMask: prefixLengths.public,
          mapPublicIpOnLaunch: false,
        },
        {
          name: 'services',
          subnetType: ec2.SubnetType.PRIVATE_WITH_EGRESS,
          cidrMask: prefixLengths.services,
        },
        {
          name: 'databases',
          subnetType: ec2.SubnetType.PRIVATE_ISOLATED,
          cidrMask: prefixLengths.databases,
        },
      ],
      // Free, and what goes through it costs no address translation.
      gatewayEndpoints: { S3: { service: ec2.GatewayVpcEndpointAwsService.S3 } },
    });
    this.natInstance = provider instanceof NatInstance ? provider : undefined;
    this.addFlowLog('FlowLog', {
      destination: ec2.FlowLogDestination.toCloudWatchLogs(
        new logs.LogGroup(this, 'FlowLogs', {
          retention: flowLogDays,
          removalPolicy: RemovalPolicy.DESTROY,
        }),
      ),
      // Everything would be as much again as all other logs together; what was refused is what one looks for.
      trafficType: ec2.FlowLogTrafficType.REJECT,
    });
  }
}
