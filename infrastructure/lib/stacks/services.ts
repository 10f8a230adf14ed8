import { CfnOutput, IgnoreMode } from 'aws-cdk-lib';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import type { ISecret } from 'aws-cdk-lib/aws-secretsmanager';
import type { Construct } from 'constructs';
import type { Stage } from '../../config/index.ts';
import { root } from '../code/index.ts';
import { FargateService, taskPlatform } from '../constructs/fargate-service.ts';
import { KyoStack } from '../constructs/kyo-stack.ts';
import { namespaceOf } from '../constructs/names.ts';
import { ServiceCluster } from '../constructs/service-cluster.ts';
import { type ServiceContext, type ServiceDefinition, services } from '../services/index.ts';
import type { CacheStack } from './cache.ts';
import type { DataStack } from './data.ts';
import type { DeliveryStack } from './delivery.ts';
import type { MessagesStack } from './messages.ts';
import type { NetworkStack } from './network.ts';

interface Neighbours {
  network: NetworkStack;
  data: DataStack;
  cache: CacheStack;
  messages: MessagesStack;
  delivery: DeliveryStack;
  /** Digests of published images, by service; what is not there is built from the code at hand. */
  images: Record<string, string>;
}

/** The services on Fargate, behind one load balancer. */
export class ServicesStack extends KyoStack {
  readonly cluster: ServiceCluster;
  readonly services = new Map<string, FargateService>();

  constructor(scope: Construct, stage: Stage, neighbours: Neighbours) {
    super(scope, 'services', { stage, description: 'services on Fargate' });
    const { network, data, cache, messages } = neighbours;
    this.cluster = new ServiceCluster(this, 'Cluster', {
      vpc: network.vpc,
      firewall: network.firewall,
      accessLogs: data.accessLogs,
      keep: stage.keepsData,
      containerInsights: stage.monitoring.containerInsights,
      namespace: namespaceOf(stage),
    });
    const context: ServiceContext = { stage, data, cache, messages };
    for (const definition of services) {
      const { variables, secrets } = split(definition.environment(context));
      const service = new FargateService(this, definition.name, {
        definition,
        image: this.#imageOf(definition, neighbours),
        variables,
        secrets,
        stage,
        network,
        cluster: this.cluster,
      });
      definition.grant?.(service.taskRole, context);
      this.services.set(definition.name, service);
    }
    // What commands start anew when a secret has changed.
    new CfnOutput(this, 'ClusterName', { value: this.cluster.cluster.clusterName });
    const names = [...this.services].map(([name, { service }]) => [name, service.serviceName]);
    new CfnOutput(this, 'Services', { value: this.toJsonString(Object.fromEntries(names)) });
    // Nothing starts before the master database is ready for it.
    this.addStackDependency(data, 'services use the schema that the data stack migrates to');
  }

  #imageOf({ name }: ServiceDefinition, { images, delivery }: Neighbours): ecs.ContainerImage {
    const digest = images[name];
    if (digest !== undefined)
      return ecs.ContainerImage.fromEcrRepository(delivery.repositoryOf(name), digest);
    return ecs.ContainerImage.fromAsset(root, {
      buildArgs: { SERVICE: name },
      platform: taskPlatform,
      // What is not sent to the builder does not make a new image either: the same list, .dockerignore.
      ignoreMode: IgnoreMode.DOCKER,
    });
  }
}

/** What stands in the task definition, and what ECS reads when the container starts. */
function split(environment: Record<string, string | ISecret | undefined>): {
  variables: Record<string, string>;
  secrets: Record<string, ISecret>;
} {
  const variables: Record<string, string> = {};
  const secrets: Record<string, ISecret> = {};
  for (const [name, value] of Object.entries(environment)) {
    if (typeof value === 'string') variables[name] = value;
    else if (value) secrets[name] = value;
  }
  return { variables, secrets };
}
