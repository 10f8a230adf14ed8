import type { InputRule } from './input-rule.ts';
import { outside } from './values.ts';

const rule = 'AWS::Events::Rule';
/** "Amazon EventBridge quotas". */
const patternCharacters = 2_048;

/** Whether every leaf of a pattern is a list of what matches. */
const matches = (pattern: unknown): boolean =>
  Array.isArray(pattern) ||
  (pattern !== null && typeof pattern === 'object' && Object.values(pattern).every(matches));

export const eventsInput: InputRule[] = [
  {
    name: 'patterns of events match lists',
    type: rule,
    refuses: ({ EventPattern, ScheduleExpression }) => {
      if (EventPattern === undefined && ScheduleExpression === undefined)
        return 'Parameter(s) EventPattern or ScheduleExpression must be specified.';
      return (
        EventPattern !== undefined &&
        !matches(EventPattern) &&
        'Event pattern is not valid. Reason: each value must be an object or an array'
      );
    },
    fault: { EventPattern: { source: 'aws.rds' } },
  },
  {
    name: 'patterns of events fit',
    type: rule,
    refuses: ({ EventPattern }) =>
      JSON.stringify(EventPattern ?? {}).length > patternCharacters &&
      `Event pattern is longer than ${patternCharacters} characters.`,
    fault: {
      EventPattern: { detail: { tenantId: Array.from({ length: 200 }, (_, number) => `tenant-${number}`) } },
    },
  },
  {
    name: 'rules on a schedule are on the default bus',
    type: rule,
    refuses: ({ ScheduleExpression, EventBusName = 'default' }) =>
      ScheduleExpression !== undefined &&
      EventBusName !== 'default' &&
      'ScheduleExpression is supported only on the default event bus.',
    fault: { ScheduleExpression: 'rate(1 hour)', EventBusName: 'kyo' },
  },
  {
    name: 'buses are named as AWS names none of its own',
    type: 'AWS::Events::EventBus',
    refuses: ({ Name = '' }) =>
      (/^aws\.|^default$/.test(Name) || !/^[\w./-]{0,256}$/.test(Name)) &&
      `Event bus name ${Name} is not valid.`,
    fault: { Name: 'aws.kyo' },
  },
  {
    name: 'schedules say how punctual they are',
    type: 'AWS::Scheduler::Schedule',
    refuses: ({ ScheduleExpression = '', FlexibleTimeWindow, Target }) => {
      if (
        !/^(at|rate|cron)\(.+\)$/.test(ScheduleExpression) ||
        /^rate\((0|1 \w+s|[2-9]\d* \w+[^s])\)/.test(ScheduleExpression)
      )
        return `Invalid Schedule Expression ${ScheduleExpression}.`;
      if (!Target?.RoleArn)
        return 'The execution role you provide must allow AWS EventBridge Scheduler to assume the role.';
      const { Mode, MaximumWindowInMinutes } = FlexibleTimeWindow ?? {};
      const isRight =
        Mode === 'OFF'
          ? MaximumWindowInMinutes === undefined
          : Mode === 'FLEXIBLE' && !outside(MaximumWindowInMinutes ?? 0, 1, 1_440);
      return (
        !isRight &&
        'Invalid FlexibleTimeWindow: MaximumWindowInMinutes is 1 to 1440 when it is FLEXIBLE, and absent when OFF.'
      );
    },
    fault: {
      ScheduleExpression: 'rate(1 hours)',
      FlexibleTimeWindow: { Mode: 'OFF' },
      Target: { RoleArn: 'arn' },
    },
  },
];
