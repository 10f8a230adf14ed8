import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import { fiveMinutes } from '../alarms.ts';

const percent = 100;

/** A part of a whole in percent, for graphs and alarms. */
export function share(
  label: string,
  part: cloudwatch.IMetric,
  whole: cloudwatch.IMetric,
): cloudwatch.MathExpression {
  return new cloudwatch.MathExpression({
    label,
    // Nothing of nothing is no error. Counts of errors are not reported when there are none: unfilled, two single ones a
    // quarter of an hour apart would be two periods in a row (CloudWatch: alarms and missing data).
    expression: `IF(whole > 0, ${percent} * FILL(part, 0) / whole, 0)`,
    usingMetrics: { part, whole },
    period: fiveMinutes,
  });
}

/** A third of the dashboard's width. */
export function graph(
  title: string,
  left: cloudwatch.IMetric[],
  right: cloudwatch.IMetric[] = [],
): cloudwatch.GraphWidget {
  return new cloudwatch.GraphWidget({ title, left, right, width: 8, height: 6 });
}
