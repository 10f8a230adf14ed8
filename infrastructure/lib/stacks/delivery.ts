import { CfnOutput } from 'aws-cdk-lib';
import type * as ecr from 'aws-cdk-lib/aws-ecr';
import type { ISecret } from 'aws-cdk-lib/aws-secretsmanager';
import type { Construct } from 'constructs';
import type { Stage } from '../../config/index.ts';
import { GithubRoles } from '../constructs/github-roles.ts';
import { ImageRepository } from '../constructs/image-repository.ts';
import { KyoStack } from '../constructs/kyo-stack.ts';
import { releaseParameterOf } from '../constructs/names.ts';
import { readSecret } from '../constructs/secret-access.ts';
import { services } from '../services/index.ts';

/** What ships releases: repositories of images, and the roles GitHub Actions work under. */
export class DeliveryStack extends KyoStack {
  readonly #repositories = new Map<string, ecr.Repository>();
  readonly #github: GithubRoles | undefined;

  constructor(scope: Construct, stage: Stage) {
    super(scope, 'delivery', { stage, description: 'images and the roles that ship them' });
    for (const { name } of services)
      this.#repositories.set(name, new ImageRepository(this, name, { keep: stage.keepsData }));
    const { githubSubject, githubProviderArn } = stage.delivery;
    if (githubSubject !== undefined) {
      this.#github = new GithubRoles(this, 'Github', {
        subject: githubSubject,
        ...(githubProviderArn !== undefined && { providerArn: githubProviderArn }),
        repositories: [...this.#repositories.values()],
        releaseParameter: releaseParameterOf(stage),
        stackPrefix: `kyo-${stage.name}-`,
      });
    }
    const uris = [...this.#repositories].map(([name, { repositoryUri }]) => [name, repositoryUri]);
    new CfnOutput(this, 'Repositories', { value: this.toJsonString(Object.fromEntries(uris)) });
  }

  /** Whoever deploys by GitHub is an operator then, and migrates the tenants. */
  makeOperator(signingKeys: ISecret): void {
    if (this.#github) readSecret(this.#github.deploy, signingKeys);
  }

  repositoryOf(service: string): ecr.IRepository {
    const repository = this.#repositories.get(service);
    if (!repository) throw new RangeError(`There is no service ${service}.`);
    return repository;
  }
}
