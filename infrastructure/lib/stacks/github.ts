import { CfnOutput } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import type { Stage } from '../../config/index.ts';
import { GithubRoles } from '../constructs/github-roles.ts';
import { KyoStack } from '../constructs/kyo-stack.ts';
import type { DeliveryStack } from './delivery.ts';
import type { EdgeStack } from './edge.ts';

interface Neighbours {
  delivery: DeliveryStack;
  edge: EdgeStack;
}

/** The roles GitHub Actions work under. They name what the other stacks made, so this one is deployed last. */
export class GithubStack extends KyoStack {
  constructor(
    scope: Construct,
    stage: Stage,
    github: NonNullable<Stage['github']>,
    { delivery, edge }: Neighbours,
  ) {
    super(scope, 'github', { stage, description: 'roles of GitHub Actions' });
    const roles = new GithubRoles(this, 'Roles', {
      ...github,
      stage,
      repositories: [...delivery.repositories.values()],
      site: edge.site,
      distribution: edge.distribution,
    });
    new CfnOutput(this, 'BuildRole', { value: roles.build.roleArn });
    new CfnOutput(this, 'DeployRole', { value: roles.deploy.roleArn });
    new CfnOutput(this, 'DiffRole', { value: roles.diff.roleArn });
  }
}
