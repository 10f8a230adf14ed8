import { each, type Rule } from './rule.ts';
import { containersOf, oneOf, type Properties, resourcesOf, type Templates } from './templates.ts';

const targetGroup = 'AWS::ElasticLoadBalancingV2::TargetGroup';
/** How late a task may learn that it is to stop, and what it does when its clients have moved (`main.ts` of the service). */
const noticedWithinSeconds = 5;
const flushSeconds = 15;

const delayOf = (attributes: Properties[] = []) =>
  Number(attributes.find(({ Key }) => Key === 'deregistration_delay.timeout_seconds')?.Value);

/** Containers that hold sockets, each with the delay of its target: those whose targets are sticky. */
function socketContainers(templates: Templates) {
  const sticky = resourcesOf(templates, targetGroup).filter(({ properties }) =>
    (properties.TargetGroupAttributes as Properties[]).some(
      ({ Key, Value }) => Key === 'stickiness.enabled' && Value === 'true',
    ),
  );
  return resourcesOf(templates, 'AWS::ECS::Service').flatMap(({ properties }) =>
    ((properties.LoadBalancers ?? []) as Properties[]).flatMap(({ ContainerName, TargetGroupArn }) => {
      const group = sticky.find(({ id }) => id === TargetGroupArn.Ref);
      const container = containersOf(templates).find(({ Name }) => Name === ContainerName);
      return group && container
        ? [{ container, delaySeconds: delayOf(group.properties.TargetGroupAttributes) }]
        : [];
    }),
  );
}

const movingTime = ({ Environment }: Properties) =>
  (Environment as Properties[]).find(({ Name }) => Name === 'KYO_DRAIN_SECONDS');

export const drainingRules: Rule[] = [
  {
    name: 'targets are let go before Spot takes their task',
    findings: (templates) =>
      each(resourcesOf(templates, 'AWS::ElasticLoadBalancingV2::TargetGroup'), ({ id, properties }) => {
        const attributes = properties.TargetGroupAttributes as Properties[];
        const delay = attributes.find(({ Key }) => Key === 'deregistration_delay.timeout_seconds')?.Value;
        return !(Number(delay) < 120) && `${id}: ${delay} s`;
      }),
    reintroduce: (templates) => {
      oneOf(templates, 'AWS::ElasticLoadBalancingV2::TargetGroup').properties.TargetGroupAttributes = [];
    },
  },
  {
    name: 'sockets have moved before their target is drained, and before their task is ended',
    findings: (templates) => [
      ...(socketContainers(templates).length > 0 ? [] : ['nothing holds sockets']),
      ...socketContainers(templates).flatMap(({ container, delaySeconds }) => {
        const movingSeconds = Number(movingTime(container)?.Value);
        const moved = noticedWithinSeconds + movingSeconds;
        const ended = movingSeconds + flushSeconds;
        return [
          ...(moved < delaySeconds
            ? []
            : [`${container.Name}: moved after ${moved} s, drained after ${delaySeconds}`]),
          ...(ended < container.StopTimeout
            ? []
            : [`${container.Name}: done after ${ended} s of ${container.StopTimeout}`]),
        ];
      }),
    ],
    reintroduce: (templates) => {
      for (const { container } of socketContainers(templates)) {
        const time = movingTime(container);
        if (time) time.Value = '110';
      }
    },
  },
  {
    name: 'a service with sockets may ask whether its tasks are to stop',
    findings: (templates) =>
      socketContainers(templates).length > 0 && asking(templates).length === 0
        ? ['nothing may describe tasks: sockets would be cut at every deployment']
        : [],
    reintroduce: (templates) => {
      for (const statement of asking(templates)) statement.Action = 'ecs:ListTasks';
    },
  },
];

/** Statements that let a task ask ECS about itself. */
function asking(templates: Templates): Properties[] {
  return resourcesOf(templates, 'AWS::IAM::Policy').flatMap(({ properties }) =>
    (properties.PolicyDocument.Statement as Properties[]).filter(({ Action }) =>
      [Action].flat().includes('ecs:DescribeTasks'),
    ),
  );
}
