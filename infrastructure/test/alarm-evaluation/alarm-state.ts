import type { Point } from './metric-math.ts';

export type State = 'ALARM' | 'OK';

export interface Condition {
  comparison: string;
  threshold: number;
  /** N: how many periods are looked at. */
  evaluationPeriods: number;
  /** M: how many of them have to breach. */
  datapointsToAlarm: number;
  noData: 'breaching' | 'notBreaching';
}

/**
 * CloudWatch looks at more periods than an alarm has, so that old data counts as long as there is no new. How many more it
 * does not say; with three periods it is two, in its own examples.
 */
const extraPeriods = 2;

/** How many periods back an alarm looks: its "evaluation range". */
export const rangeOf = ({ evaluationPeriods }: Condition): number => evaluationPeriods + extraPeriods;

const comparisons: Record<string, (value: number, threshold: number) => boolean> = {
  GreaterThanThreshold: (value, threshold) => value > threshold,
  LessThanThreshold: (value, threshold) => value < threshold,
};

/**
 * The state of an alarm after the last of `points`, oldest first. The newest data of the range is evaluated; only where there
 * is less of it than the alarm has periods, what no data means is filled in (Amazon CloudWatch User Guide, "Configuring how
 * CloudWatch alarms treat missing data").
 */
export function stateOf(condition: Condition, points: Point[]): State {
  const { comparison, threshold, evaluationPeriods, datapointsToAlarm, noData } = condition;
  const breaches = comparisons[comparison];
  if (!breaches) throw new RangeError(`${comparison} is not known here.`);
  const data = points
    .slice(-rangeOf(condition))
    .filter((point) => point !== undefined)
    .slice(-evaluationPeriods);
  const breaching = data.filter((value) => breaches(value, threshold)).length;
  const filled = noData === 'breaching' ? evaluationPeriods - data.length : 0;
  return breaching + filled >= datapointsToAlarm ? 'ALARM' : 'OK';
}
