import { PermissionsBoundary, RemovalPolicy, Stack, Tags } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import type { Stage } from '../../config/index.ts';
import { FollowingSynthesizer } from './following-synthesizer.ts';
import { fenceNameOf, qualifierOf } from './names.ts';

export interface KyoStackProps {
  stage: Stage;
  description: string;
  /** Holds what cannot be made again: it cannot be deleted where the stage keeps its data. */
  stateful?: boolean;
  /** Another region than the stage's. */
  region?: string;
}

/** A stack of one stage. Its name is the only fixed name there is: everything in it is named by CloudFormation. */
export class KyoStack extends Stack {
  readonly stage: Stage;
  /** What becomes of data when its resource goes. */
  readonly dataRemovalPolicy: RemovalPolicy;

  constructor(
    scope: Construct,
    name: string,
    { stage, description, stateful = false, region }: KyoStackProps,
  ) {
    super(scope, `kyo-${stage.name}-${name}`, {
      description: `Kyo ${stage.name}: ${description}`,
      env: { region: region ?? stage.region },
      synthesizer: new FollowingSynthesizer({ qualifier: qualifierOf(stage) }),
      permissionsBoundary: PermissionsBoundary.fromName(fenceNameOf(stage)),
      terminationProtection: stateful && stage.keepsData,
    });
    this.stage = stage;
    this.dataRemovalPolicy = stage.keepsData ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY;
    Tags.of(this).add('kyo:stage', stage.name);
    Tags.of(this).add('kyo:stack', name);
  }

  /** Looking them up would need an account. */
  override get availabilityZones(): string[] {
    return this.stage.availabilityZones;
  }
}
