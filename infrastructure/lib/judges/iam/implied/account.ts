import type { AsDeployed, DeployedResource } from '../../../rules/service-input/as-deployed.ts';
import { account } from '../../../rules/service-input/ids.ts';

/** The resources of templates, for those who ask by type or by what refers to them. */
export class ImaginedAccount {
  readonly stage: AsDeployed['stage'];
  readonly #resources: DeployedResource[];
  readonly #byArn = new Map<string, DeployedResource>();

  constructor(deployed: AsDeployed) {
    this.stage = deployed.stage;
    this.#resources = deployed.resources();
    for (const resource of this.#resources) this.#byArn.set(resource.arn, resource);
  }

  of(...types: string[]): DeployedResource[] {
    return this.#resources.filter(({ type }) => types.includes(type));
  }

  find(arn: string): DeployedResource | undefined {
    return this.#byArn.get(arn);
  }
}

/** The role of this name, or of this ARN. */
export function roleArn(nameOrArn: string): string {
  return nameOrArn.startsWith('arn:') ? nameOrArn : `arn:aws:iam::${account}:role/${nameOrArn}`;
}
