import { describe, expect, it } from 'vitest';
import { type Condition, stateOf } from './alarm-state.ts';
import { evaluateMath } from './metric-math.ts';

/** CloudWatch's own examples, with five periods looked at: 0 does not breach, X does, - is missing. */
const examples: [points: string, datapointsToAlarm: number, breaching: string, notBreaching: string][] = [
  ['0 - X - X', 3, 'OK', 'OK'],
  ['0 - - - -', 3, 'OK', 'OK'],
  ['- - - - -', 3, 'ALARM', 'OK'],
  ['0 X X - X', 3, 'ALARM', 'ALARM'],
  ['- - X - -', 3, 'ALARM', 'OK'],
  ['0 - X - X', 2, 'ALARM', 'ALARM'],
  ['0 0 X 0 X', 2, 'ALARM', 'ALARM'],
  ['0 - X - -', 2, 'ALARM', 'OK'],
  ['- - - - 0', 2, 'ALARM', 'OK'],
  ['- - - X -', 2, 'ALARM', 'OK'],
];

describe('an alarm over three periods', () => {
  it.each(examples)(
    'of %s with %i to alarm is %s, or %s',
    (text, datapointsToAlarm, breaching, notBreaching) => {
      const points = text.split(' ').map((each) => ({ X: 1, '0': 0 })[each]);
      const condition: Omit<Condition, 'noData'> = {
        comparison: 'GreaterThanThreshold',
        threshold: 0,
        evaluationPeriods: 3,
        datapointsToAlarm,
      };
      expect(stateOf({ ...condition, noData: 'breaching' }, points)).toBe(breaching);
      expect(stateOf({ ...condition, noData: 'notBreaching' }, points)).toBe(notBreaching);
    },
  );
});

describe('metric math', () => {
  const share = 'IF(whole > 0, 100 * FILL(part, 0) / whole, 0)';

  it.each([
    [share, { part: 3, whole: 60 }, 5],
    [share, { part: undefined, whole: 60 }, 0],
    [share, { part: 0, whole: 0 }, 0],
    [share, { part: 3, whole: undefined }, undefined],
    ['1 + 2 * (3 - 1)', {}, 5],
  ])('%s of %o is %s', (expression, metrics, value) => {
    expect(evaluateMath(expression, metrics)).toBe(value);
  });

  it.each(['RATE(part)', 'part +', 'part part', 'other'])(
    'refuses %s, which it does not know',
    (expression) => {
      expect(() => evaluateMath(expression, { part: 1 })).toThrow(SyntaxError);
    },
  );
});
