import { type ProblemCode, problems } from '@kyong/contracts';
import { Duration } from 'aws-cdk-lib';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import * as elb from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import type * as s3 from 'aws-cdk-lib/aws-s3';
import { PrivateDnsNamespace } from 'aws-cdk-lib/aws-servicediscovery';
import { Construct } from 'constructs';
import { type Firewall, ports } from './firewall.ts';
import type { PlatformVpc } from './platform-vpc.ts';

/** Longer than a socket is silent (Socket.IO pings every 25 s), shorter than services keep idle connections (65 s). */
const idleTimeoutSeconds = 60;

/** Where services run, the names they call each other by, and the load balancer before them, which only CloudFront reaches. */
export class ServiceCluster extends Construct {
  readonly cluster: ecs.Cluster;
  readonly namespace: PrivateDnsNamespace;
  readonly loadBalancer: elb.ApplicationLoadBalancer;
  readonly listener: elb.ApplicationListener;

  constructor(
    scope: Construct,
    id: string,
    {
      vpc,
      firewall,
      accessLogs,
      keep,
      containerInsights,
      namespace,
    }: {
      vpc: PlatformVpc;
      firewall: Firewall;
      accessLogs: s3.IBucket;
      keep: boolean;
      containerInsights: boolean;
      /** Under which services find each other. */
      namespace: string;
    },
  ) {
    super(scope, id);
    this.cluster = new ecs.Cluster(this, 'Cluster', {
      vpc,
      enableFargateCapacityProviders: true,
      containerInsightsV2: containerInsights ? ecs.ContainerInsights.ENABLED : ecs.ContainerInsights.DISABLED,
    });
    this.namespace = new PrivateDnsNamespace(this, 'Names', { name: namespace, vpc });
    this.loadBalancer = new elb.ApplicationLoadBalancer(this, 'LoadBalancer', {
      vpc,
      vpcSubnets: vpc.serviceSubnets,
      internetFacing: false,
      securityGroup: firewall.groupOf('loadBalancer', this),
      idleTimeout: Duration.seconds(idleTimeoutSeconds),
      dropInvalidHeaderFields: true,
      deletionProtection: keep,
    });
    this.loadBalancer.logAccessLogs(accessLogs, 'load-balancer');
    this.listener = this.loadBalancer.addListener('Http', {
      port: ports.http,
      // Encrypted up to CloudFront, which reaches it inside the VPC: see docs/adr.
      protocol: elb.ApplicationProtocol.HTTP,
      open: false,
      defaultAction: notFound(),
    });
  }
}

/** Nobody's path. */
function notFound(): elb.ListenerAction {
  const code: ProblemCode = 'not_found';
  const { status, title } = problems[code];
  return elb.ListenerAction.fixedResponse(status, {
    // A fixed answer cannot name application/problem+json.
    contentType: 'application/json',
    messageBody: JSON.stringify({ type: `/docs/#${code}`, title, status, code }),
  });
}
