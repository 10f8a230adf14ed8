import { CfnOutput } from 'aws-cdk-lib';
import type * as ecr from 'aws-cdk-lib/aws-ecr';
import type { Construct } from 'constructs';
import type { Stage } from '../../config/index.ts';
import { ImageRepository } from '../constructs/image-repository.ts';
import { KyoStack } from '../constructs/kyo-stack.ts';
import { services } from '../services/index.ts';

/** Where the services' images are: first of all stacks, so that images can be pushed before anything runs them. */
export class DeliveryStack extends KyoStack {
  readonly repositories = new Map<string, ecr.Repository>();

  constructor(scope: Construct, stage: Stage) {
    super(scope, 'delivery', { stage, description: 'images of the services' });
    for (const { name } of services)
      this.repositories.set(name, new ImageRepository(this, name, { keep: stage.keepsData }));
    const uris = [...this.repositories].map(([name, { repositoryUri }]) => [name, repositoryUri]);
    new CfnOutput(this, 'Repositories', { value: this.toJsonString(Object.fromEntries(uris)) });
  }

  repositoryOf(service: string): ecr.IRepository {
    const repository = this.repositories.get(service);
    if (!repository) throw new RangeError(`There is no service ${service}.`);
    return repository;
  }
}
