/** What CloudWatch calls the units that we measure in. */
export type MetricUnit = 'Count' | 'Bytes' | 'Milliseconds' | 'Percent';

/**
 * A line of a log that CloudWatch takes metrics from (Amazon CloudWatch User Guide, embedded metric format).
 * @param metrics value and unit of each, by name.
 * @param dimensions fields of the line by which the metrics of one are told from those of another.
 */
export function metricLine(
  metrics: Record<string, [value: number, unit: MetricUnit]>,
  { namespace, dimensions = [], now }: { namespace: string; dimensions?: string[]; now: Date },
): Record<string, unknown> {
  const named = Object.entries(metrics);
  return {
    _aws: {
      Timestamp: now.getTime(),
      CloudWatchMetrics: [
        {
          Namespace: namespace,
          Dimensions: [dimensions],
          Metrics: named.map(([Name, [, Unit]]) => ({ Name, Unit })),
        },
      ],
    },
    ...Object.fromEntries(named.map(([name, [value]]) => [name, value])),
  };
}
