import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import * as ecr from 'aws-cdk-lib/aws-ecr';
import type { Construct } from 'constructs';

const keptImages = 50;

/** Images of one service: each scanned when it comes, named once, and the newest fifty kept. */
export class ImageRepository extends ecr.Repository {
  constructor(scope: Construct, id: string, { keep }: { keep: boolean }) {
    super(scope, id, {
      imageTagMutability: ecr.TagMutability.IMMUTABLE,
      imageScanOnPush: true,
      lifecycleRules: [
        {
          description: 'layers nothing names',
          tagStatus: ecr.TagStatus.UNTAGGED,
          maxImageAge: Duration.days(7),
          rulePriority: 1,
        },
        {
          description: `the newest ${keptImages}`,
          tagStatus: ecr.TagStatus.ANY,
          maxImageCount: keptImages,
          rulePriority: 2,
        },
      ],
      emptyOnDelete: !keep,
      removalPolicy: keep ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
    });
  }
}
