import type { Properties } from '../templates.ts';
import type { InputRule } from './input-rule.ts';
import { listOf } from './values.ts';

const type = 'AWS::S3::Bucket';
/** What S3 moves to infrequent access is this old at least. */
const infrequentAccessDays = 30;

const transitionsOf = ({ LifecycleConfiguration }: Properties) =>
  listOf(LifecycleConfiguration?.Rules).flatMap(({ Transition, Transitions, ExpirationInDays }) =>
    [...listOf(Transition), ...listOf(Transitions)].map((each) => ({ ...each, ExpirationInDays })),
  ) as Properties[];

export const s3Input: InputRule[] = [
  {
    name: 'files go to infrequent access after thirty days, and before they expire',
    type,
    refuses: (bucket) => {
      const wrong = transitionsOf(bucket).find(
        ({ StorageClass, TransitionInDays, ExpirationInDays }) =>
          (/_IA$/.test(StorageClass) && Number(TransitionInDays) < infrequentAccessDays) ||
          Number(ExpirationInDays) <= Number(TransitionInDays),
      );
      return (
        wrong &&
        `'Days' in Transition action must be greater than or equal to ${infrequentAccessDays} for storageClass '${wrong.StorageClass}'`
      );
    },
    fault: {
      LifecycleConfiguration: {
        Rules: [{ Status: 'Enabled', Transitions: [{ StorageClass: 'STANDARD_IA', TransitionInDays: 7 }] }],
      },
    },
  },
  {
    name: 'buckets that are copied keep versions',
    type,
    refuses: ({ ReplicationConfiguration, VersioningConfiguration }) =>
      ReplicationConfiguration !== undefined &&
      VersioningConfiguration?.Status !== 'Enabled' &&
      'Versioning must be Enabled on the bucket to apply a replication configuration',
    fault: { ReplicationConfiguration: { Role: 'arn', Rules: [] }, VersioningConfiguration: undefined },
  },
  {
    name: 'buckets have names of 63 lower-case characters at most',
    type,
    refuses: ({ BucketName }) =>
      BucketName !== undefined &&
      (!/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(BucketName) || /\.\.|^xn--|-s3alias$/.test(BucketName)) &&
      'The specified bucket is not valid.',
    fault: { BucketName: 'Kyo-Files' },
  },
];
