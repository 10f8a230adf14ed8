import type { Properties } from '../templates.ts';
import type { InputRule } from './input-rule.ts';
import { listOf, outside } from './values.ts';

const type = 'AWS::CloudFront::Distribution';
/** "CloudFront quotas". */
const mostBehaviours = 75;
const mostOrigins = 100;
const longestSeconds = 120;
const functionBytes = 10_240;
const writes = ['POST', 'PUT', 'PATCH', 'DELETE'];

const behavioursOf = ({ DefaultCacheBehavior, CacheBehaviors }: Properties) => [
  DefaultCacheBehavior as Properties,
  ...listOf(CacheBehaviors),
];
const groupsOf = ({ OriginGroups }: Properties) => listOf(OriginGroups?.Items);

const about = (
  name: string,
  change: Properties,
  refuses: (config: Properties) => string | false | undefined,
): InputRule => ({
  name,
  type,
  refuses: ({ DistributionConfig = {} }) => refuses(DistributionConfig),
  fault: ({ edge }) => {
    for (const { Type, Properties } of Object.values(edge?.Resources ?? {}))
      if (Type === type) Object.assign(Properties.DistributionConfig, change);
  },
});

export const cloudFrontInput: InputRule[] = [
  about(
    'paths of a distribution lead to origins that it has',
    { CacheBehaviors: [{ PathPattern: '/api/*', TargetOriginId: 'api' }] },
    (config) => {
      const known = [...listOf(config.Origins), ...groupsOf(config)].map(({ Id }) => Id);
      const lost = behavioursOf(config).find(({ TargetOriginId }) => !known.includes(TargetOriginId));
      return lost && 'One or more of your origins or origin groups do not exist.';
    },
  ),
  about(
    'a distribution under a name of ours has its certificate, from us-east-1',
    { Aliases: ['kyo.example'], ViewerCertificate: { CloudFrontDefaultCertificate: true } },
    ({ Aliases, ViewerCertificate: { AcmCertificateArn, IamCertificateId } = {} as Properties }) => {
      if (listOf(Aliases).length > 0 && !AcmCertificateArn && !IamCertificateId)
        return 'To add an alternate domain name (CNAME) to a CloudFront distribution, you must attach a trusted certificate.';
      return (
        AcmCertificateArn &&
        !String(AcmCertificateArn).includes(':us-east-1:') &&
        'The specified SSL certificate must be in us-east-1.'
      );
    },
  ),
  about(
    'origins that stand in for each other are only read',
    {
      OriginGroups: { Items: [{ Id: 'group' }] },
      CacheBehaviors: [
        { PathPattern: '/api/*', TargetOriginId: 'group', AllowedMethods: ['GET', 'HEAD', 'POST'] },
      ],
    },
    (config) =>
      behavioursOf(config).some(
        ({ TargetOriginId, AllowedMethods }) =>
          groupsOf(config).some(({ Id }) => Id === TargetOriginId) &&
          listOf(AllowedMethods).some((method) => writes.includes(String(method))),
      ) &&
      'You cannot include POST, PUT, PATCH, or DELETE for a cached behavior associated with an origin group.',
  ),
  about(
    'a distribution has the behaviours, origins and comment that fit',
    { Comment: 'x'.repeat(129) },
    (config) => {
      if (String(config.Comment ?? '').length > 128) return 'The parameter Comment is too long.';
      return (
        (listOf(config.CacheBehaviors).length > mostBehaviours ||
          listOf(config.Origins).length > mostOrigins) &&
        'Your request contains more CacheBehaviors or Origins than are allowed per distribution.'
      );
    },
  ),
  about(
    'CloudFront waits for its origins for two minutes at most',
    {
      Origins: [
        { Id: 'api', DomainName: 'api.example', CustomOriginConfig: { OriginKeepaliveTimeout: 180 } },
      ],
    },
    ({ Origins }) =>
      listOf(Origins)
        .flatMap(({ CustomOriginConfig, VpcOriginConfig }) => [
          CustomOriginConfig ?? {},
          VpcOriginConfig ?? {},
        ])
        .some(
          ({ OriginKeepaliveTimeout, OriginReadTimeout }) =>
            outside(OriginKeepaliveTimeout, 1, longestSeconds) ||
            outside(OriginReadTimeout, 1, longestSeconds),
        ) && `The parameter Origin timeout is out of range: 1 to ${longestSeconds} seconds.`,
  ),
  {
    name: 'CloudFront reaches the VPC of its origin, which is open to the Internet',
    type: 'AWS::CloudFront::VpcOrigin',
    refuses: (_, { before }) =>
      before('AWS::EC2::VPCGatewayAttachment').length === 0 &&
      'The VPC of the origin must have an internet gateway.',
    fault: ({ network }) => {
      for (const [id, { Type }] of Object.entries(network?.Resources ?? {}))
        if (Type === 'AWS::EC2::VPCGatewayAttachment') delete network?.Resources[id];
    },
  },
  {
    name: 'functions of CloudFront fit',
    type: 'AWS::CloudFront::Function',
    refuses: ({ FunctionCode = '' }) =>
      Buffer.byteLength(FunctionCode) > functionBytes &&
      `The function code exceeds the maximum size of ${functionBytes} bytes.`,
    fault: {
      FunctionCode: `function handler(event) { return event.request; } // ${'x'.repeat(functionBytes)}`,
    },
  },
  {
    name: 'functions of CloudFront have a handler that its runtime can read',
    type: 'AWS::CloudFront::Function',
    refuses: ({ FunctionCode = '', FunctionConfig }) => {
      if (!/\bfunction\s+handler\s*\(/.test(FunctionCode))
        return 'The function has no function named handler.';
      return (
        FunctionConfig?.Runtime === 'cloudfront-js-1.0' &&
        /\b(import|const|let|async)\b/.test(FunctionCode) &&
        'The runtime cloudfront-js-1.0 does not know import, const, let or async.'
      );
    },
    fault: { FunctionCode: 'export default (event) => event.request;' },
  },
];
