import { ArnFormat, CfnOutput, Duration, Stack } from 'aws-cdk-lib';
import * as ecr from 'aws-cdk-lib/aws-ecr';
import * as iam from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';

const issuer = 'token.actions.githubusercontent.com';

export interface GithubRolesProps {
  /** The `sub` claim that is accepted, wildcards allowed. */
  subject: string;
  providerArn?: string;
  repositories: ecr.IRepository[];
  /** Name of the parameter that releases are written down in. */
  releaseParameter: string;
  /** What the names of the stage's stacks begin with. */
  stackPrefix: string;
}

/** What GitHub Actions may do here, with tokens of minutes and no key kept anywhere: push images, and deploy. */
export class GithubRoles extends Construct {
  /** Deploys, and migrates the tenants afterwards as an operator. */
  readonly deploy: iam.Role;

  constructor(
    scope: Construct,
    id: string,
    { subject, providerArn, repositories, releaseParameter, stackPrefix }: GithubRolesProps,
  ) {
    super(scope, id);
    const provider =
      providerArn ??
      new iam.OidcProviderNative(this, 'Provider', {
        url: `https://${issuer}`,
        clientIds: ['sts.amazonaws.com'],
      }).oidcProviderArn;
    const role = (name: string, description: string) =>
      new iam.Role(this, name, {
        description,
        maxSessionDuration: Duration.hours(1),
        assumedBy: new iam.WebIdentityPrincipal(provider, {
          StringEquals: { [`${issuer}:aud`]: 'sts.amazonaws.com' },
          StringLike: { [`${issuer}:sub`]: subject },
        }),
      });

    const build = role('Build', 'Kyo: pushes images');
    for (const repository of repositories) repository.grantPullPush(build);
    ecr.AuthorizationToken.grantRead(build);

    // CDK's own roles do the work, as for everybody who deploys; this one may become them and nothing else.
    const deploy = role('Deploy', 'Kyo: deploys');
    this.deploy = deploy;
    deploy.addToPolicy(
      new iam.PolicyStatement({
        sid: 'BecomeTheRolesOfCdk',
        actions: ['sts:AssumeRole'],
        resources: [
          Stack.of(this).formatArn({
            service: 'iam',
            region: '',
            resource: 'role',
            resourceName: 'cdk-hnb659fds-*',
            arnFormat: ArnFormat.SLASH_RESOURCE_NAME,
          }),
        ],
      }),
    );
    for (const repository of repositories) repository.grantRead(deploy);
    deploy.addToPolicy(
      new iam.PolicyStatement({
        sid: 'ReadAndWriteReleases',
        actions: ['ssm:GetParameterHistory', 'ssm:PutParameter'],
        resources: [
          Stack.of(this).formatArn({
            service: 'ssm',
            resource: 'parameter',
            resourceName: releaseParameter.slice(1),
          }),
        ],
      }),
    );
    for (const role of [build, deploy])
      role.addToPolicy(
        new iam.PolicyStatement({
          sid: 'FindTheRepositories',
          actions: ['cloudformation:DescribeStacks', 'cloudformation:GetTemplate'],
          resources: [
            Stack.of(this).formatArn({
              service: 'cloudformation',
              resource: 'stack',
              resourceName: `${stackPrefix}*`,
            }),
          ],
        }),
      );
    new CfnOutput(this, 'BuildRole', { value: build.roleArn });
    new CfnOutput(this, 'DeployRole', { value: deploy.roleArn });
  }
}
