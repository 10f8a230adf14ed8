import { Duration } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
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
  'dead-letters',
  'operations-failed',
  'otp-alarm',
  'service-cpu',
  'service-errors',
  'service-memory',
  'service-slow',
  'service-unhealthy',
  'sweep-failed',
] as const;
export type Runbook = (typeof runbooks)[number];

export interface AlarmProps {
  /** What to do when it rings. */
  runbook: Runbook;
  /** What is wrong, as a sentence for whoever is woken up. */
  problem: string;
  metric: cloudwatch.IMetric;
  threshold: number;
  /** Rings above the threshold unless said. */
  below?: boolean;
  /** How many periods in a row. */
  periods: number;
  /** What no data means: nothing happened, unless nothing happening is itself the fault. */
  noDataIsAFault?: boolean;
}

/** Rings for people: every alarm names the page that says what to do. */
export class Alarms extends Construct {
  readonly #action: SnsAction;

  constructor(scope: Construct, id: string, topic: sns.ITopic) {
    super(scope, id);
    this.#action = new SnsAction(topic);
  }

  add(name: string, props: AlarmProps): cloudwatch.Alarm {
    const { metric, threshold, below = false, periods, noDataIsAFault = false } = props;
    const alarm = new cloudwatch.Alarm(this, name, {
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
    this.#ring(alarm);
    return alarm;
  }

  /** One that rings when any of others does: for a status at one glance. */
  addComposite(
    name: string,
    { runbook, problem, of }: { runbook: Runbook; problem: string; of: cloudwatch.IAlarm[] },
  ): cloudwatch.CompositeAlarm {
    const alarm = new cloudwatch.CompositeAlarm(this, name, {
      alarmDescription: describe({ runbook, problem }),
      alarmRule: cloudwatch.AlarmRule.anyOf(
        ...of.map((each) => cloudwatch.AlarmRule.fromAlarm(each, cloudwatch.AlarmState.ALARM)),
      ),
    });
    this.#ring(alarm);
    return alarm;
  }

  #ring(alarm: cloudwatch.AlarmBase): void {
    alarm.addAlarmAction(this.#action);
    alarm.addOkAction(this.#action);
  }
}

function describe({ problem, runbook }: Pick<AlarmProps, 'problem' | 'runbook'>): string {
  return `${problem} → docs/runbooks/${runbook}.md`;
}

export const fiveMinutes = Duration.minutes(5);
