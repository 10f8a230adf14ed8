import { routes } from '@kyong/contracts';
import { CfnOutput } from 'aws-cdk-lib';
import * as route53 from 'aws-cdk-lib/aws-route53';
import { CloudFrontTarget } from 'aws-cdk-lib/aws-route53-targets';
import * as sns from 'aws-cdk-lib/aws-sns';
import type { Construct } from 'constructs';
import type { Stage } from '../../config/index.ts';
import { EdgeProof } from '../constructs/edge-proof.ts';
import { KyoStack } from '../constructs/kyo-stack.ts';
import { tokensOf } from '../constructs/names.ts';
import { PrivateBucket } from '../constructs/private-bucket.ts';
import { WebDistribution } from '../constructs/web-distribution.ts';
import type { DataStack } from './data.ts';
import type { EdgeGlobalStack } from './edge-global.ts';
import type { MessagesStack } from './messages.ts';
import type { ProvisioningStack } from './provisioning.ts';
import type { ServicesStack } from './services.ts';

interface Neighbours {
  data: DataStack;
  messages: MessagesStack;
  services: ServicesStack;
  provisioning: ProvisioningStack;
  global: EdgeGlobalStack;
}

/** What the world sees: one address, the dashboard at it, everything else behind it. */
export class EdgeStack extends KyoStack {
  readonly distribution: WebDistribution;
  /** What the dashboard and the documentation are served from; a deployment fills it. */
  readonly site: PrivateBucket;
  /** Where people go. */
  readonly hostname: string;

  constructor(
    scope: Construct,
    stage: Stage,
    { data, messages, services, provisioning, global }: Neighbours,
  ) {
    super(scope, 'edge', { stage, description: 'CloudFront, the dashboard, the domain' });
    this.site = new PrivateBucket(this, 'Site', { keep: false, accessLogs: data.accessLogs });
    const proof = new EdgeProof(this, 'Proof', { api: provisioning.api, key: data.key });
    this.distribution = new WebDistribution(this, 'Distribution', {
      site: this.site,
      loadBalancer: services.cluster.loadBalancer,
      api: provisioning.api,
      firewallArn: global.firewall.arn,
      proof: proof.headers,
      certificate: global.certificate,
      edge: stage.edge,
    });
    const { domain } = stage.edge;
    this.hostname = domain?.name ?? this.distribution.distributionDomainName;
    const records = domain ? this.#records(domain) : [];
    // What became of messages is told where the service that sent them is reached: it confirms this as soon as it is asked.
    const receipts = new sns.Subscription(this, 'Receipts', {
      topic: messages.receipts,
      protocol: sns.SubscriptionProtocol.HTTPS,
      endpoint: `https://${this.hostname}${routes.awsReceipt.path}`,
    });
    receipts.node.addDependency(this.distribution, ...records);
    new CfnOutput(this, 'Url', { value: `https://${this.hostname}` });
    new CfnOutput(this, 'SiteBucket', { value: this.site.bucketName });
    new CfnOutput(this, 'DistributionId', { value: this.distribution.distributionId });
    // What changes the secret between CloudFront and the API (`npm run rotate-edge`).
    new CfnOutput(this, 'EdgeSecret', { value: proof.secret.secretArn });
    new CfnOutput(this, 'ApiFirewall', { value: proof.aclArn });
    // What an operator's proof of an identity is made for.
    new CfnOutput(this, 'TokenIssuer', { value: tokensOf(stage).KYO_TOKEN_ISSUER });
  }

  #records(domain: NonNullable<Stage['edge']['domain']>): route53.RecordSet[] {
    const alias = {
      zone: route53.HostedZone.fromHostedZoneAttributes(this, 'Zone', {
        hostedZoneId: domain.hostedZoneId,
        zoneName: domain.hostedZoneName,
      }),
      recordName: domain.name,
      target: route53.RecordTarget.fromAlias(new CloudFrontTarget(this.distribution)),
    };
    return [new route53.ARecord(this, 'Ipv4', alias), new route53.AaaaRecord(this, 'Ipv6', alias)];
  }
}
