import * as acm from 'aws-cdk-lib/aws-certificatemanager';
import * as route53 from 'aws-cdk-lib/aws-route53';
import type { Construct } from 'constructs';
import type { Stage } from '../../config/index.ts';
import { KyoStack } from '../constructs/kyo-stack.ts';
import { edgeRegion } from '../constructs/names.ts';
import { WebFirewall } from '../constructs/web-firewall.ts';

/** What CloudFront takes from us-east-1 alone: its firewall, and the certificate of a domain. */
export class EdgeGlobalStack extends KyoStack {
  readonly firewall: WebFirewall;
  readonly certificate: acm.ICertificate | undefined;

  constructor(scope: Construct, stage: Stage) {
    super(scope, 'edge-global', {
      stage,
      region: edgeRegion,
      description: 'firewall and certificate of CloudFront',
    });
    this.firewall = new WebFirewall(this, 'Firewall', stage.edge.firewall);
    const { domain } = stage.edge;
    if (domain) {
      const zone = route53.HostedZone.fromHostedZoneAttributes(this, 'Zone', {
        hostedZoneId: domain.hostedZoneId,
        zoneName: domain.hostedZoneName,
      });
      this.certificate = new acm.Certificate(this, 'Certificate', {
        domainName: domain.name,
        validation: acm.CertificateValidation.fromDns(zone),
      });
    }
  }
}
