import { type ProblemCode, problems } from '@kyong/contracts';
import type { RestApi } from 'aws-cdk-lib/aws-apigateway';
import type * as kms from 'aws-cdk-lib/aws-kms';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import * as wafv2 from 'aws-cdk-lib/aws-wafv2';
import { Construct } from 'constructs';
import { edgeHeader } from './names.ts';

/**
 * Lets CloudFront alone at the API, which has an address of its own on the Internet: everything else is refused before the
 * function that verifies tokens is called. A rule costs USD 1 a month, the list 5.
 */
export class EdgeProof extends Construct {
  readonly secret: secretsmanager.Secret;
  readonly aclArn: string;
  /** What CloudFront adds to each request to the API, over what a viewer sent under that name; the value stands in no template. */
  readonly headers: Record<string, string>;

  constructor(scope: Construct, id: string, { api, key }: { api: RestApi; key: kms.IKey }) {
    super(scope, id);
    this.secret = new secretsmanager.Secret(this, 'Secret', {
      description: 'By which CloudFront proves itself to the API',
      encryptionKey: key,
      generateSecretString: { passwordLength: 48, excludePunctuation: true },
    });
    const value = this.secret.secretValue.unsafeUnwrap();
    this.headers = { [edgeHeader]: value };
    const visibility = (metricName: string) => ({
      cloudWatchMetricsEnabled: true,
      // A sample shows headers, and this one is a secret.
      sampledRequestsEnabled: false,
      metricName,
    });
    const acl = new wafv2.CfnWebACL(this, 'Acl', {
      scope: 'REGIONAL',
      description: 'Lets CloudFront alone at the API',
      customResponseBodies: { forbidden: problemBody('forbidden') },
      defaultAction: {
        block: { customResponse: { responseCode: 403, customResponseBodyKey: 'forbidden' } },
      },
      visibilityConfig: visibility('ApiFirewall'),
      rules: [
        {
          name: 'FromTheEdge',
          priority: 0,
          action: { allow: {} },
          statement: {
            byteMatchStatement: {
              fieldToMatch: { singleHeader: { Name: edgeHeader } },
              positionalConstraint: 'EXACTLY',
              searchString: value,
              textTransformations: [{ priority: 0, type: 'NONE' }],
            },
          },
          visibilityConfig: visibility('FromTheEdge'),
        },
      ],
    });
    this.aclArn = acl.attrArn;
    new wafv2.CfnWebACLAssociation(this, 'AtTheApi', {
      resourceArn: api.deploymentStage.stageArn,
      webAclArn: acl.attrArn,
    });
  }
}

/** A problem document, as far as a firewall can answer with one: it knows no `application/problem+json`, and no request id. */
export function problemBody(code: ProblemCode): wafv2.CfnWebACL.CustomResponseBodyProperty {
  const { status, title } = problems[code];
  return {
    contentType: 'APPLICATION_JSON',
    content: JSON.stringify({ type: `/docs/#${code}`, title, status, code, requestId: 'firewall' }),
  };
}
