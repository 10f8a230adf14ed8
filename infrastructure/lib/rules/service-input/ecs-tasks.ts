import type { Properties } from '../templates.ts';
import type { InputRule } from './input-rule.ts';
import { firstDuplicate, listOf, outside } from './values.ts';

const type = 'AWS::ECS::TaskDefinition';
const containersOf = ({ ContainerDefinitions }: Properties) => listOf(ContainerDefinitions);
/** Seconds that Fargate waits between SIGTERM and SIGKILL, at most. */
const longestStopSeconds = 120;
const container = (properties: Properties) => ({
  ContainerDefinitions: [{ Name: 'service', Image: 'image', Essential: true, ...properties }],
});

export const ecsTaskInput: InputRule[] = [
  {
    name: 'tasks with secrets have a role that fetches them',
    type,
    refuses: (task) =>
      !task.ExecutionRoleArn &&
      containersOf(task).some(({ Secrets }) => listOf(Secrets).length > 0) &&
      'When you are specifying container secrets, you must also specify a value for executionRoleArn.',
    fault: { ExecutionRoleArn: undefined },
  },
  {
    name: 'containers stop within two minutes',
    type,
    refuses: (task) =>
      containersOf(task).some(({ StopTimeout }) => outside(StopTimeout, 0, longestStopSeconds)) &&
      `Invalid value for stopTimeout: the maximum on Fargate is ${longestStopSeconds}.`,
    fault: container({ StopTimeout: 300 }),
  },
  {
    name: 'containers fit into their task',
    type,
    refuses: (task) => {
      const reserved = (name: string) =>
        containersOf(task).reduce((sum, { [name]: value }) => sum + Number(value ?? 0), 0);
      const tooMuch =
        reserved('Memory') > Number(task.Memory) ||
        reserved('MemoryReservation') > Number(task.Memory) ||
        reserved('Cpu') > Number(task.Cpu);
      return tooMuch && "Invalid setting for container. The containers' memory and cpu exceed the task's.";
    },
    fault: container({ Memory: 1_000_000 }),
  },
  {
    name: 'a variable is a secret or a value, once',
    type,
    refuses: (task) => {
      const twice = containersOf(task)
        .map(({ Environment, Secrets }) =>
          firstDuplicate([...listOf(Environment), ...listOf(Secrets)].map(({ Name }) => String(Name))),
        )
        .find((name) => name !== undefined);
      return (
        twice &&
        `The secret name must be unique and not shared with any new or existing environment variables: ${twice}`
      );
    },
    fault: container({
      Environment: [{ Name: 'KYO_REDIS_URL', Value: 'redis://' }],
      Secrets: [{ Name: 'KYO_REDIS_URL', ValueFrom: 'arn' }],
    }),
  },
  {
    name: 'containers are asked for their health as often as ECS can',
    type,
    refuses: (task) =>
      containersOf(task).some(
        ({ HealthCheck: { Interval, Timeout, Retries, StartPeriod } = {} as Properties }) =>
          outside(Interval, 5, 300) ||
          outside(Timeout, 2, 60) ||
          outside(Retries, 1, 10) ||
          outside(StartPeriod, 0, 300),
      ) &&
      'Health check: interval is 5 to 300 seconds, timeout 2 to 60, retries 1 to 10, start period up to 300.',
    fault: container({ HealthCheck: { Command: ['CMD', 'node'], Interval: 2 } }),
  },
  {
    name: 'containers write to log groups that exist',
    type,
    refuses: (task, { before, find }) => {
      const missing = containersOf(task)
        .map(({ LogConfiguration }) => LogConfiguration?.Options ?? {})
        .filter((options) => options['awslogs-create-group'] !== 'true')
        .map((options) => options['awslogs-group'] as string | undefined)
        .find(
          (name) =>
            name !== undefined &&
            !before('AWS::Logs::LogGroup').some((group) => group.name === find(name)?.name),
        );
      return (
        missing &&
        `ResourceInitializationError: failed to validate logger args: the log group ${missing} does not exist`
      );
    },
    fault: container({
      LogConfiguration: { LogDriver: 'awslogs', Options: { 'awslogs-group': '/kyo/service' } },
    }),
  },
];
