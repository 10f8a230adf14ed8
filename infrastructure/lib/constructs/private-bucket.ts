import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import type * as kms from 'aws-cdk-lib/aws-kms';
import * as s3 from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';

export interface PrivateBucketProps {
  /** Kept when the stack goes. */
  keep: boolean;
  /** Amazon's own key without one: what AWS services write their logs to takes no other. */
  key?: kms.IKey;
  /** Days after which objects go. */
  expireDays?: number;
  /** A folder whose objects go, while the others stay; then each is had back for as long as what was overwritten. */
  expiringFolder?: { prefix: string; days: number };
  /** Where its access log goes; the log's own bucket has none. */
  accessLogs?: s3.IBucket;
}

/** A bucket nobody outside can reach, over TLS alone, whose overwritten objects can be had back for a month. */
export class PrivateBucket extends s3.Bucket {
  constructor(
    scope: Construct,
    id: string,
    { keep, key, expireDays, expiringFolder, accessLogs }: PrivateBucketProps,
  ) {
    super(scope, id, {
      blockPublicAccess: s3.BlockPublicAccess.BLOCK_ALL,
      objectOwnership: s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
      enforceSSL: true,
      ...(key
        ? { encryption: s3.BucketEncryption.KMS, encryptionKey: key, bucketKeyEnabled: true }
        : { encryption: s3.BucketEncryption.S3_MANAGED }),
      versioned: expireDays === undefined,
      lifecycleRules: [
        {
          abortIncompleteMultipartUploadAfter: Duration.days(7),
          ...(expireDays === undefined
            ? { noncurrentVersionExpiration: Duration.days(30) }
            : { expiration: Duration.days(expireDays) }),
        },
        ...(expiringFolder
          ? [{ prefix: expiringFolder.prefix, expiration: Duration.days(expiringFolder.days) }]
          : []),
      ],
      ...(accessLogs && {
        serverAccessLogsBucket: accessLogs,
        serverAccessLogsPrefix: `${id.toLowerCase()}/`,
      }),
      removalPolicy: keep ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
    });
  }
}
