import { each, type Rule } from './rule.ts';
import { containersOf, oneOf, type Properties, resourcesOf, type Templates } from './templates.ts';

const service = 'AWS::ECS::Service';
const task = 'AWS::ECS::TaskDefinition';
const strategiesOf = (templates: Templates) =>
  resourcesOf(templates, service).map(({ id, properties }) => ({
    id,
    providers: (properties.CapacityProviderStrategy ?? []) as Properties[],
    properties,
  }));
const secretName = /SECRET|PASSWORD|LOGIN$|ACCOUNT|TOKEN$|SIGNING|_URL$/;
/** Addresses and the like that are named so and hide nothing. */
const openNames =
  /^KYO_(PUBLIC_URL|JWKS_URL|REDIS_URL|MASTER_DATABASE_URL|SECRETS_PREFIX|TOKEN_.*|MITAKE_URL)$/;

export const containerRules: Rule[] = [
  {
    name: 'containers are asked for their health by what is in their image',
    findings: (templates) =>
      each(containersOf(templates), ({ Name, HealthCheck }) => {
        const [form, program] = HealthCheck?.Command ?? [];
        return (form !== 'CMD' || program !== 'node') && `${Name}: ${JSON.stringify(HealthCheck?.Command)}`;
      }),
    reintroduce: (templates) => {
      for (const container of containersOf(templates))
        container.HealthCheck = { Command: ['CMD-SHELL', 'curl -f http://localhost:3000/health || exit 1'] };
    },
  },
  {
    name: 'containers run on ARM64 and cannot write to their root',
    findings: (templates) => [
      ...each(
        resourcesOf(templates, task),
        ({ id, properties }) => properties.RuntimePlatform?.CpuArchitecture !== 'ARM64' && `${id}: not ARM64`,
      ),
      ...each(
        containersOf(templates),
        ({ Name, ReadonlyRootFilesystem }) => ReadonlyRootFilesystem !== true && `${Name}: writable`,
      ),
    ],
    reintroduce: (templates) => {
      for (const container of containersOf(templates)) container.ReadonlyRootFilesystem = false;
    },
  },
  {
    name: 'what is secret comes by reference, never as a value',
    findings: (templates) =>
      containersOf(templates).flatMap(({ Name, Environment = [] }) =>
        each(
          Environment as Properties[],
          (variable) =>
            secretName.test(variable.Name) &&
            !openNames.test(variable.Name) &&
            `${Name}: ${variable.Name} is in the template`,
        ),
      ),
    reintroduce: (templates) =>
      void containersOf(templates)[0]?.Environment.push({ Name: 'KYO_OTP_SECRET', Value: 'in-the-clear' }),
  },
  {
    name: 'strategies mix nothing but Fargate and Fargate Spot, and name no launch type',
    findings: (templates) =>
      each(
        strategiesOf(templates),
        ({ id, providers, properties }) =>
          (properties.LaunchType !== undefined ||
            providers.length === 0 ||
            providers.some(
              ({ CapacityProvider }) => !['FARGATE', 'FARGATE_SPOT'].includes(CapacityProvider),
            )) &&
          `${id}: ${JSON.stringify(providers)}`,
      ),
    reintroduce: (templates) =>
      void oneOf(templates, service).properties.CapacityProviderStrategy.push({
        CapacityProvider: 'SpotAsg',
        Weight: 4,
      }),
  },
  {
    name: 'services go before the capacity providers of their cluster',
    findings: (templates) =>
      each(resourcesOf(templates, service), ({ stack, id, resource }) => {
        const providers = resourcesOf(templates, 'AWS::ECS::ClusterCapacityProviderAssociations');
        const here = providers.filter((each) => each.stack === stack).map((each) => each.id);
        return (
          !here.some((provider) => resource.DependsOn?.includes(provider)) &&
          `${id}: waits for none of ${here}`
        );
      }),
    reintroduce: (templates) => {
      for (const { resource } of resourcesOf(templates, service)) delete resource.DependsOn;
    },
  },
  {
    name: 'there are no machines of our own under the services',
    findings: (templates) =>
      each(
        resourcesOf(templates, 'AWS::AutoScaling::AutoScalingGroup', 'AWS::AutoScaling::LaunchConfiguration'),
        ({ id }) => `${id}: a machine that runs whether or not anything runs on it`,
      ),
    reintroduce: (templates) => {
      templates.services = {
        Resources: {
          ...templates.services?.Resources,
          Group: { Type: 'AWS::AutoScaling::AutoScalingGroup', Properties: {} },
        },
      };
    },
  },
  {
    name: 'a deployment that fails goes back by itself',
    findings: (templates) =>
      each(resourcesOf(templates, service), ({ id, properties }) => {
        const { DeploymentCircuitBreaker: breaker, MinimumHealthyPercent } =
          properties.DeploymentConfiguration ?? {};
        return (
          (!breaker?.Enable || !breaker.Rollback || MinimumHealthyPercent !== 100) && `${id}: no way back`
        );
      }),
    reintroduce: (templates) => {
      oneOf(templates, service).properties.DeploymentConfiguration.DeploymentCircuitBreaker = {
        Enable: true,
        Rollback: false,
      };
    },
  },
  {
    name: 'what scales is the number of tasks',
    findings: (templates) =>
      each(
        resourcesOf(templates, 'AWS::ApplicationAutoScaling::ScalableTarget'),
        ({ id, properties }) =>
          properties.ScalableDimension !== 'ecs:service:DesiredCount' &&
          `${id}: ${properties.ScalableDimension}`,
      ),
    reintroduce: (templates) => {
      oneOf(templates, 'AWS::ApplicationAutoScaling::ScalableTarget').properties.ScalableDimension =
        'rds:db-instance:ReadReplicaCount';
    },
  },
  {
    name: 'no service registers ports that its discovery does not know',
    findings: (templates) =>
      each(
        resourcesOf(templates, service),
        ({ id, properties }) =>
          (properties.ServiceRegistries ?? []).some(
            (registry: Properties) => registry.ContainerPort !== undefined,
          ) && `${id}: a container port is for SRV records only`,
      ),
    reintroduce: (templates) => {
      oneOf(templates, service).properties.ServiceRegistries = [{ RegistryArn: 'arn', ContainerPort: 3001 }];
    },
  },
];
