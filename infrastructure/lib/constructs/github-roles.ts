import { ArnFormat, Duration, Stack } from 'aws-cdk-lib';
import type * as cloudfront from 'aws-cdk-lib/aws-cloudfront';
import type * as ecr from 'aws-cdk-lib/aws-ecr';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as s3 from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import type { Stage } from '../../config/index.ts';
import { bootstrapVersionParameterOf, qualifierOf, regionsOf, releaseParameterOf } from './names.ts';

const issuer = 'token.actions.githubusercontent.com';

/** A first deployment makes databases with standbys, a cache and a distribution: 60 to 75 minutes, and more when one is retried. */
const deploymentHours = 4;

export type GithubRolesProps = NonNullable<Stage['github']> & {
  stage: Stage;
  repositories: ecr.IRepository[];
  site: s3.IBucket;
  distribution: cloudfront.IDistribution;
};

/** What GitHub Actions may do here, with tokens of hours and no key kept anywhere: push images, deploy, and look. */
export class GithubRoles extends Construct {
  /** Pushes images. */
  readonly build: iam.Role;
  /** Deploys, and migrates the tenants afterwards as an operator. */
  readonly deploy: iam.Role;
  /** Reads what runs, for the difference a pull request would make. Code that no one has reviewed runs under it. */
  readonly diff: iam.Role;
  readonly #providerArn: string;

  constructor(scope: Construct, id: string, props: GithubRolesProps) {
    super(scope, id);
    const { stage, repositories, deploySubject, pullRequestSubject } = props;
    this.#providerArn =
      props.providerArn ??
      new iam.OidcProviderNative(this, 'Provider', {
        url: `https://${issuer}`,
        clientIds: ['sts.amazonaws.com'],
      }).oidcProviderArn;

    this.build = this.#role('Build', 'Kyo: pushes images', deploySubject, 1);
    const repositoryArns = repositories.map(({ repositoryArn }) => repositoryArn);
    allow(this.build, 'LogInToTheRegistry', ['ecr:GetAuthorizationToken'], ['*']);
    allow(this.build, 'PushImages', [...readImages, ...pushImages], repositoryArns);

    // CDK's own roles do the work, as for every person who deploys; this one may become them.
    this.deploy = this.#role('Deploy', 'Kyo: deploys', deploySubject, deploymentHours);
    allow(
      this.deploy,
      'BecomeTheRolesOfCdk',
      ['sts:AssumeRole'],
      [this.#arn('iam', 'role', `cdk-${qualifierOf(stage)}-*`)],
    );
    allow(
      this.deploy,
      'SeeWhatIsBootstrapped',
      ['ssm:GetParameter'],
      this.#inEachRegion(stage, 'ssm', 'parameter', bootstrapVersionParameterOf(stage).slice(1)),
    );
    allow(this.deploy, 'LookBeforeItDeploys', lookAtTheAccount, ['*']);
    allow(
      this.deploy,
      'SayWhatFailed',
      ['cloudformation:DescribeStackEvents'],
      this.#inEachRegion(stage, 'cloudformation', 'stack', `kyo-${stage.name}-*`),
    );
    allow(this.deploy, 'FindImages', readImages, repositoryArns);
    allow(
      this.deploy,
      'ReadAndWriteReleases',
      ['ssm:GetParameterHistory', 'ssm:PutParameter'],
      [this.#releases(stage)],
    );
    allow(this.deploy, 'FillTheSite', ['s3:GetObject', 's3:PutObject'], [props.site.arnForObjects('*')]);
    // Without it what is not there is "forbidden".
    allow(this.deploy, 'SeeWhatTheSiteLacks', ['s3:ListBucket'], [props.site.bucketArn]);
    allow(
      this.deploy,
      'ShowTheSite',
      ['cloudfront:CreateInvalidation'],
      [this.#arn('cloudfront', 'distribution', props.distribution.distributionId)],
    );

    this.diff = this.#role('Diff', 'Kyo: reads what runs', pullRequestSubject, 1);
    allow(this.diff, 'ReadReleases', ['ssm:GetParameterHistory'], [this.#releases(stage)]);

    for (const role of [this.build, this.deploy, this.diff])
      allow(
        role,
        'ReadStacks',
        ['cloudformation:DescribeStacks', 'cloudformation:GetTemplate'],
        this.#inEachRegion(stage, 'cloudformation', 'stack', `kyo-${stage.name}-*`),
      );
  }

  #role(name: string, description: string, subject: string, hours: number): iam.Role {
    return new iam.Role(this, name, {
      description,
      maxSessionDuration: Duration.hours(hours),
      assumedBy: new iam.WebIdentityPrincipal(this.#providerArn, {
        StringEquals: { [`${issuer}:aud`]: 'sts.amazonaws.com' },
        StringLike: { [`${issuer}:sub`]: subject },
      }),
    });
  }

  #releases(stage: Stage): string {
    return this.#arn('ssm', 'parameter', releaseParameterOf(stage).slice(1), stage.region);
  }

  #inEachRegion(stage: Stage, service: string, resource: string, resourceName: string): string[] {
    return regionsOf(stage).map((region) => this.#arn(service, resource, resourceName, region));
  }

  /** Of a service that knows no regions, unless one is named. */
  #arn(service: string, resource: string, resourceName: string, region = ''): string {
    return Stack.of(this).formatArn({
      service,
      region,
      resource,
      resourceName,
      arnFormat: ArnFormat.SLASH_RESOURCE_NAME,
    });
  }
}

/** What the preflight reads: quotas and what they are used for, zones, instance classes, sandboxes. None of it is of one resource. */
const lookAtTheAccount = [
  'ec2:DescribeAddresses',
  'ec2:DescribeAvailabilityZones',
  'ec2:DescribeVpcs',
  'iam:ListRoles',
  'lambda:GetAccountSettings',
  'rds:DescribeAccountAttributes',
  'rds:DescribeOrderableDBInstanceOptions',
  'servicequotas:GetAWSDefaultServiceQuota',
  'servicequotas:GetServiceQuota',
  'ses:GetAccount',
  'sms-voice:DescribeAccountAttributes',
];

/** Whether an image is there, and all of it (Amazon ECR User Guide, "IAM permissions for pushing an image"). */
const readImages = ['ecr:DescribeImages'];
const pushImages = [
  'ecr:BatchCheckLayerAvailability',
  'ecr:BatchGetImage',
  'ecr:CompleteLayerUpload',
  'ecr:GetDownloadUrlForLayer',
  'ecr:InitiateLayerUpload',
  'ecr:PutImage',
  'ecr:UploadLayerPart',
];

function allow(role: iam.Role, sid: string, actions: string[], resources: string[]): void {
  role.addToPolicy(new iam.PolicyStatement({ sid, actions, resources }));
}
