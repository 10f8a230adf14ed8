import { Duration } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import * as events from 'aws-cdk-lib/aws-events';
import * as targets from 'aws-cdk-lib/aws-events-targets';
import type * as sns from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';

/** Pages of docs/runbooks. */
export const runbooks = [
  'api-errors',
  'api-slow',
  'backup-failed',
  'cache-cpu',
  'cache-memory',
  'database-connections',
  'database-cpu',
  'database-storage',
  'database-trouble',
  'dead-letters',
  'driver-ended',
  'driver-failing',
  'load-balancer-errors',
  'nat',
  'operations-failed',
  'otp-alarm',
  'outside',
  'service-cpu',
  'service-degraded',
  'service-down',
  'service-errors',
  'service-memory',
  'service-slow',
  'service-unhealthy',
  'sweep-failed',
  'tenant-database-cpu',
] as const;
export type Runbook = (typeof runbooks)[number];

interface Described {
  /** What to do when it rings. */
  runbook: Runbook;
  /** What is wrong, as a sentence for the person it reaches. */
  problem: string;
}

export interface AlarmProps extends Described {
  metric: cloudwatch.IMetric;
  threshold: number;
  /** Rings above the threshold unless said. */
  below?: boolean;
  /** How many periods in a row. */
  periods: number;
  /** What no data means: nothing happened, unless nothing happening is itself the fault. */
  noDataIsAFault?: boolean;
}

export interface GroupProps extends Described {
  /** Alarms that send nothing themselves, by name. */
  causes: Record<string, AlarmProps>;
  /** A graver alarm, which says it all: while it rings, the group does not. */
  quietWhile: cloudwatch.IAlarm;
}

export interface EventProps extends Described {
  /** The account's own unless said. */
  bus?: events.IEventBus;
  pattern: events.EventPattern;
  /** What the mail quotes of the event: paths such as `$.detail.reason`. */
  quote: string[];
}

/** Longer than the graver alarm takes from the fault on; shorter, and both would ring (docs/adr/0027-alarms.md). */
const waitForGraver = Duration.minutes(2);
/** What the graver one left in the causes' last periods is over by then. */
const afterGraver = Duration.minutes(15);

/** Rings for people: every alarm names the page that says what to do. */
export class Alarms extends Construct {
  readonly #topic: sns.ITopic;

  constructor(scope: Construct, id: string, topic: sns.ITopic) {
    super(scope, id);
    this.#topic = topic;
  }

  /** Rings when it begins, and when it is over. */
  add(name: string, props: AlarmProps): cloudwatch.Alarm {
    const alarm = this.#watch(name, props);
    this.#ring(alarm);
    return alarm;
  }

  /** One mail for what usually comes together, whichever of its causes came first. */
  addGroup(name: string, { causes, quietWhile, ...described }: GroupProps): void {
    const alarms = Object.entries(causes).map(([cause, props]) => this.#watch(cause, props));
    this.#ring(
      new cloudwatch.CompositeAlarm(this, name, {
        alarmDescription: describe(described),
        alarmRule: cloudwatch.AlarmRule.anyOf(
          ...alarms.map((each) => cloudwatch.AlarmRule.fromAlarm(each, cloudwatch.AlarmState.ALARM)),
        ),
        actionsSuppressor: quietWhile,
        actionsSuppressorWaitPeriod: waitForGraver,
        actionsSuppressorExtensionPeriod: afterGraver,
      }),
    );
  }

  /** A mail for each event: for what happens and is over, and would be a metric without data until then. */
  addEvent(name: string, { bus, pattern, quote, ...described }: EventProps): void {
    const quoted = quote.map((path) => events.EventField.fromPath(path)).join(' · ');
    new events.Rule(this, name, {
      description: describe(described),
      ...(bus && { eventBus: bus }),
      eventPattern: pattern,
      targets: [
        // It admits EventBridge without conditions, which EventBridge would not meet (EventBridge User Guide, permissions for SNS).
        new targets.SnsTopic(this.#topic, {
          message: events.RuleTargetInput.fromText(`${quoted}: ${describe(described)}`),
        }),
      ],
    });
  }

  #watch(name: string, props: AlarmProps): cloudwatch.Alarm {
    const { metric, threshold, below = false, periods, noDataIsAFault = false } = props;
    return new cloudwatch.Alarm(this, name, {
      alarmDescription: describe(props),
      metric,
      threshold,
      evaluationPeriods: periods,
      comparisonOperator: below
        ? cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD
        : cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD,
      treatMissingData: noDataIsAFault
        ? cloudwatch.TreatMissingData.BREACHING
        : cloudwatch.TreatMissingData.NOT_BREACHING,
    });
  }

  #ring(alarm: cloudwatch.AlarmBase): void {
    const action = new SnsAction(this.#topic);
    alarm.addAlarmAction(action);
    alarm.addOkAction(action);
  }
}

function describe({ problem, runbook }: Described): string {
  return `${problem} → docs/runbooks/${runbook}.md`;
}

export const oneMinute = Duration.minutes(1);
export const fiveMinutes = Duration.minutes(5);
