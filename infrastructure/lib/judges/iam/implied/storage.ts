import type { DeployedResource } from '../../../rules/service-input/as-deployed.ts';
import { account } from '../../../rules/service-input/ids.ts';
import type { Properties } from '../../../rules/templates.ts';
import type { Call } from '../call.ts';
import { type ImaginedAccount, roleArn } from './account.ts';

/** CloudFront Developer Guide, "Restrict access to an Amazon S3 origin". */
export function origins(imagined: ImaginedAccount): Call[] {
  return imagined.of('AWS::CloudFront::Distribution').flatMap(({ arn, properties }) =>
    (properties.DistributionConfig.Origins as Properties[]).flatMap(
      ({ OriginAccessControlId, DomainName }) => {
        if (!OriginAccessControlId) return [];
        const [bucket] = `${DomainName}`.split('.');
        return [
          {
            caller: 'cloudfront.amazonaws.com',
            action: 's3:GetObject',
            resource: `arn:aws:s3:::${bucket}/index.html`,
            context: { 'aws:SourceArn': arn },
            why: 'the site answers 403',
          },
        ];
      },
    ),
  );
}

/** Amazon S3 User Guide, "Enabling Amazon S3 server access logging". */
export function bucketLogs(imagined: ImaginedAccount): Call[] {
  return imagined.of('AWS::S3::Bucket').flatMap(({ arn, name, properties: { LoggingConfiguration } }) =>
    LoggingConfiguration?.DestinationBucketName
      ? [
          {
            caller: 'logging.s3.amazonaws.com',
            action: 's3:PutObject',
            resource: `arn:aws:s3:::${LoggingConfiguration.DestinationBucketName}/${LoggingConfiguration.LogFilePrefix ?? ''}2026`,
            context: { 'aws:SourceArn': arn },
            why: `${name} has no access log`,
          },
        ]
      : [],
  );
}

/** "Enable access logs for your Application Load Balancer": of Tokyo's account; refused at creation, "Access Denied for bucket". */
const loadBalancersOfTokyo = 'arn:aws:iam::582318560864:root';

export function loadBalancerLogs(imagined: ImaginedAccount): Call[] {
  return imagined.of('AWS::ElasticLoadBalancingV2::LoadBalancer').flatMap(({ properties }) => {
    const attributes = new Map<string, string>(
      (properties.LoadBalancerAttributes ?? []).map(({ Key, Value }: Properties) => [Key, Value]),
    );
    if (attributes.get('access_logs.s3.enabled') !== 'true') return [];
    const folder = [attributes.get('access_logs.s3.bucket'), attributes.get('access_logs.s3.prefix')].join(
      '/',
    );
    return [
      {
        caller: loadBalancersOfTokyo,
        action: 's3:PutObject',
        resource: `arn:aws:s3:::${folder}/AWSLogs/${account}/elasticloadbalancing/log`,
        why: 'the load balancer cannot be created',
      },
    ];
  });
}

/** Amazon VPC User Guide, "IAM role for publishing flow logs to CloudWatch Logs". */
export function flowLogs(imagined: ImaginedAccount): Call[] {
  return imagined.of('AWS::EC2::FlowLog').flatMap((each: DeployedResource) =>
    ['logs:CreateLogStream', 'logs:PutLogEvents'].map((action) => ({
      caller: roleArn(each.properties.DeliverLogsPermissionArn),
      action,
      resource: `arn:aws:logs:${each.region}:${account}:log-group:${each.properties.LogGroupName}:log-stream:eni`,
      why: 'the network has no flow log',
    })),
  );
}

/** Amazon CloudWatch Logs User Guide, "Encrypt log data using AWS KMS"; looked at when the group is created. */
export function encryptedLogs(imagined: ImaginedAccount): Call[] {
  return imagined.of('AWS::Logs::LogGroup').flatMap(({ arn, name, region, properties }) =>
    properties.KmsKeyId
      ? ['kms:Encrypt', 'kms:Decrypt', 'kms:ReEncryptFrom', 'kms:GenerateDataKey', 'kms:DescribeKey'].map(
          (action) => ({
            caller: `logs.${region}.amazonaws.com`,
            action,
            resource: properties.KmsKeyId,
            context: { 'kms:EncryptionContext:aws:logs:arn': arn },
            why: `${name} cannot be created`,
          }),
        )
      : [],
  );
}
