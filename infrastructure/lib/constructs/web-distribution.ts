import { viewerHeader } from '@kyong/tenant-provisioning/source-address';
import { Duration } from 'aws-cdk-lib';
import type * as acm from 'aws-cdk-lib/aws-certificatemanager';
import * as cloudfront from 'aws-cdk-lib/aws-cloudfront';
import * as origins from 'aws-cdk-lib/aws-cloudfront-origins';
import type * as elb from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import type * as s3 from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';
import type { Stage } from '../../config/index.ts';
import { type ControlPlaneApi, controlPlanePaths } from './control-plane-api.ts';
import { ports } from './firewall.ts';

export interface WebDistributionProps {
  site: s3.IBucket;
  loadBalancer: elb.IApplicationLoadBalancer;
  api: ControlPlaneApi;
  firewallArn: string;
  /** With which it proves itself to the API. */
  proof: Record<string, string>;
  certificate?: acm.ICertificate | undefined;
  edge: Stage['edge'];
}

/**
 * Longer than a socket is silent (Socket.IO pings every 25 s), and less than the load balancer keeps an idle connection: it
 * would close one, now and then, that CloudFront is about to use, which is a 502.
 */
const keepaliveSeconds = 55;
/** As long as API Gateway waits for its function. */
const readTimeoutSeconds = 30;

/** Paths of the services, as the contract has them; nothing of them is cached. */
const servicePaths = ['/api/*', '/socket.io/*', '/.well-known/jwks.json'];

/** The one origin that people and programs see: dashboard, services, control plane, behind one firewall. */
export class WebDistribution extends cloudfront.Distribution {
  constructor(scope: Construct, id: string, props: WebDistributionProps) {
    const { site, loadBalancer, api, firewallArn, proof, certificate, edge } = props;
    const headers = securityHeaders(scope);
    const dynamic = {
      viewerProtocolPolicy: cloudfront.ViewerProtocolPolicy.REDIRECT_TO_HTTPS,
      allowedMethods: cloudfront.AllowedMethods.ALLOW_ALL,
      cachePolicy: cloudfront.CachePolicy.CACHING_DISABLED,
    };
    const services: cloudfront.BehaviorOptions = {
      ...dynamic,
      origin: origins.VpcOrigin.withApplicationLoadBalancer(loadBalancer, {
        protocolPolicy: cloudfront.OriginProtocolPolicy.HTTP_ONLY,
        httpPort: ports.http,
        readTimeout: Duration.seconds(readTimeoutSeconds),
        keepaliveTimeout: Duration.seconds(keepaliveSeconds),
      }),
      // All headers, or no socket is ever opened.
      originRequestPolicy: cloudfront.OriginRequestPolicy.ALL_VIEWER,
    };
    const controlPlane: cloudfront.BehaviorOptions = {
      ...dynamic,
      origin: new origins.HttpOrigin(`${api.restApiId}.execute-api.${api.env.region}.amazonaws.com`, {
        originPath: `/${api.deploymentStage.stageName}`,
        protocolPolicy: cloudfront.OriginProtocolPolicy.HTTPS_ONLY,
        customHeaders: proof,
        readTimeout: Duration.seconds(readTimeoutSeconds),
      }),
      // API Gateway knows itself by its own name only.
      originRequestPolicy: cloudfront.OriginRequestPolicy.ALL_VIEWER_EXCEPT_HOST_HEADER,
      functionAssociations: [atEachRequest(scope, `${id}Viewer`, 'Says who the viewer is', viewerOf)],
    };
    super(scope, id, {
      comment: 'Kyo',
      // CloudFront's own certificate comes with its own rules.
      ...(edge.domain &&
        certificate && {
          domainNames: [edge.domain.name],
          certificate,
          minimumProtocolVersion: cloudfront.SecurityPolicyProtocol.TLS_V1_2_2021,
        }),
      httpVersion: cloudfront.HttpVersion.HTTP2_AND_3,
      priceClass: cloudfront.PriceClass[edge.priceClass],
      webAclId: firewallArn,
      defaultRootObject: 'index.html',
      defaultBehavior: {
        origin: origins.S3BucketOrigin.withOriginAccessControl(site),
        viewerProtocolPolicy: cloudfront.ViewerProtocolPolicy.REDIRECT_TO_HTTPS,
        cachePolicy: cloudfront.CachePolicy.CACHING_OPTIMIZED,
        responseHeadersPolicy: headers,
        compress: true,
        functionAssociations: [atEachRequest(scope, `${id}Paths`, 'Finds the page of a path', pagePaths)],
      },
      additionalBehaviors: {
        ...Object.fromEntries(servicePaths.map((path) => [path, services])),
        ...Object.fromEntries(controlPlanePaths.map((path) => [`${path}*`, controlPlane])),
      },
    });
  }
}

function atEachRequest(
  scope: Construct,
  id: string,
  comment: string,
  code: string,
): cloudfront.FunctionAssociation {
  return {
    eventType: cloudfront.FunctionEventType.VIEWER_REQUEST,
    function: new cloudfront.Function(scope, id, {
      runtime: cloudfront.FunctionRuntime.JS_2_0,
      code: cloudfront.FunctionCode.fromInline(code),
      comment,
    }),
  };
}

/**
 * CloudFront has a header of its own for this, CloudFront-Viewer-Address; but a policy that adds it sends the viewer's Host as well
 * (`allViewerAndWhitelistCloudFront`), with which API Gateway does not know itself, or no Authorization (`whitelist`).
 */
const viewerOf = `function handler(event) {
  event.request.headers['${viewerHeader}'] = { value: event.viewer.ip };
  return event.request;
}`;

/**
 * The dashboard has routes of its own under /app/, folders have an index. Done here and not by turning 404 into a page: that
 * would turn the API's 404 into one as well.
 */
const pagePaths = `function handler(event) {
  var request = event.request;
  var uri = request.uri;
  if (uri.startsWith('/app/') && !uri.split('/').pop().includes('.')) request.uri = '/index.html';
  else if (uri === '/app') request.uri = '/index.html';
  else if (uri === '/docs') request.uri = '/docs/index.html';
  else if (uri.endsWith('/')) request.uri = uri + 'index.html';
  return request;
}`;

/** What browsers are told with the dashboard (OWASP, HTTP Headers Cheat Sheet); services tell for themselves. */
function securityHeaders(scope: Construct): cloudfront.ResponseHeadersPolicy {
  return new cloudfront.ResponseHeadersPolicy(scope, 'SecurityHeaders', {
    securityHeadersBehavior: {
      contentSecurityPolicy: {
        contentSecurityPolicy:
          "default-src 'self'; connect-src 'self' wss:; img-src 'self' data:; style-src 'self' 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'",
        override: true,
      },
      contentTypeOptions: { override: true },
      frameOptions: { frameOption: cloudfront.HeadersFrameOption.DENY, override: true },
      referrerPolicy: { referrerPolicy: cloudfront.HeadersReferrerPolicy.NO_REFERRER, override: true },
      strictTransportSecurity: {
        accessControlMaxAge: Duration.days(365),
        includeSubdomains: true,
        override: true,
      },
    },
  });
}
