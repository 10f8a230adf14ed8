import type { Properties } from '../templates.ts';
import type { InputRule } from './input-rule.ts';
import { listOf } from './values.ts';

const type = 'AWS::ECS::Service';
const associations = 'AWS::ECS::ClusterCapacityProviderAssociations';

/** Target groups that a listener, or a rule of one, forwards to. */
const forwardedIn = ({ DefaultActions, Actions }: Properties) =>
  [...listOf(DefaultActions), ...listOf(Actions)].flatMap(({ TargetGroupArn, ForwardConfig }) => [
    TargetGroupArn,
    ...listOf(ForwardConfig?.TargetGroups).map((group) => group.TargetGroupArn),
  ]);

export const ecsServiceInput: InputRule[] = [
  {
    name: 'services say where they run once: by a launch type or a strategy',
    type,
    refuses: ({ LaunchType, CapacityProviderStrategy }) =>
      LaunchType !== undefined &&
      listOf(CapacityProviderStrategy).length > 0 &&
      'Specifying both a launch type and capacity provider strategy is not supported.',
    fault: { LaunchType: 'FARGATE' },
  },
  {
    name: 'one capacity provider of a strategy has a base',
    type,
    refuses: ({ CapacityProviderStrategy }) =>
      listOf(CapacityProviderStrategy).filter(({ Base = 0 }) => Number(Base) > 0).length > 1 &&
      'The specified capacity provider strategy can have only one base.',
    fault: {
      CapacityProviderStrategy: ['FARGATE', 'FARGATE_SPOT'].map((CapacityProvider) => ({
        CapacityProvider,
        Base: 1,
        Weight: 1,
      })),
    },
  },
  {
    name: 'services come after the capacity providers of their cluster',
    type,
    refuses: ({ Cluster, CapacityProviderStrategy }, { before, find }) => {
      const cluster = find(Cluster)?.name;
      const known = before(associations)
        .filter(({ properties }) => find(properties.Cluster)?.name === cluster)
        .flatMap(({ properties }) => listOf(properties.CapacityProviders).map(String));
      const missing = listOf(CapacityProviderStrategy).find(
        ({ CapacityProvider }) => !known.includes(CapacityProvider),
      );
      return (
        missing &&
        'The specified capacity provider strategy cannot contain a capacity provider that is not associated with the cluster.'
      );
    },
    fault: ({ services }) => {
      for (const { Type, Properties } of Object.values(services?.Resources ?? {}))
        if (Type === associations) Properties.CapacityProviders = ['FARGATE'];
    },
  },
  {
    name: 'services put on a load balancer what their task has',
    type,
    refuses: ({ LoadBalancers, ServiceRegistries, TaskDefinition }, { find }) => {
      const task = find(TaskDefinition)?.properties;
      if (!task) return undefined;
      const containers = listOf(task.ContainerDefinitions);
      const named = [...listOf(LoadBalancers), ...listOf(ServiceRegistries)].filter(
        ({ ContainerName }) => ContainerName,
      );
      const wrong = named.find(({ ContainerName, ContainerPort }) => {
        const ports = listOf(containers.find(({ Name }) => Name === ContainerName)?.PortMappings);
        return ContainerPort !== undefined && !ports.some((port) => port.ContainerPort === ContainerPort);
      });
      return (
        wrong &&
        `The container ${wrong.ContainerName} does not exist in the task definition, or has no port ${wrong.ContainerPort}.`
      );
    },
    fault: { LoadBalancers: [{ ContainerName: 'service', ContainerPort: 8_080, TargetGroupArn: 'arn' }] },
  },
  {
    name: 'services come after the rule that leads to them',
    type,
    refuses: ({ LoadBalancers }, { before }) => {
      const forwarded = [
        ...before('AWS::ElasticLoadBalancingV2::Listener'),
        ...before('AWS::ElasticLoadBalancingV2::ListenerRule'),
      ].flatMap(({ properties }) => forwardedIn(properties));
      const lone = listOf(LoadBalancers).find(({ TargetGroupArn }) => !forwarded.includes(TargetGroupArn));
      return (
        lone &&
        `The target group with targetGroupArn ${lone.TargetGroupArn} does not have an associated load balancer.`
      );
    },
    fault: (templates) => {
      for (const resource of Object.values(templates.services?.Resources ?? {}))
        if (resource.Type === type) resource.DependsOn = [];
    },
  },
  {
    name: 'services that wait before they judge health have a load balancer',
    type,
    refuses: ({ HealthCheckGracePeriodSeconds, LoadBalancers }) =>
      HealthCheckGracePeriodSeconds !== undefined &&
      listOf(LoadBalancers).length === 0 &&
      'Health check grace period is only valid for services configured to use load balancers',
    fault: { HealthCheckGracePeriodSeconds: 60, LoadBalancers: [] },
  },
];
